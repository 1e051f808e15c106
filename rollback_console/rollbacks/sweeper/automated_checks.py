"""Checks that answer themselves: looked at again and again until they have held for a while.

A check that holds is answered with its evidence. One that does not stays open with what was
seen: a person decides what that means.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import timedelta

from django.db import close_old_connections, transaction
from django.db.models.functions import Now

from rollback_console.engine.snapshot import CheckSpec, Snapshot
from rollback_console.engine.states import RollbackState
from rollback_console.plans.errors import HostRefused
from rollback_console.plans.inventory.addresses import reach
from rollback_console.plans.inventory.masked_values import values_to_mask
from rollback_console.plans.readiness import automated_checks
from rollback_console.plans.readiness.automated_checks import CheckObservation
from rollback_console.remote import ssh
from rollback_console.remote.errors import RemoteError
from rollback_console.remote.protocol import HostAddress, Remote
from rollback_console.remote.redaction.redacted_remote import redacted

from .. import db_clock, zones
from ..errors import SnapshotChanged
from ..events import record
from ..events.written_columns import describe_columns
from ..execution.approved_snapshot import approved_snapshot
from ..execution.view import latest_checks
from ..models import ChecklistAnswer, Look, Rollback
from ..tasks import enqueue, enqueue_after_commit

EVERY = timedelta(seconds=15)
"""How long between two looks of one check."""

Connect = Callable[[HostAddress], Remote]


def sweep(pool: Executor) -> None:
    """Look at everything that is due in our zones, each by whoever claims it."""
    due = Look.objects.filter(due_at__lte=Now(), rollback__state=RollbackState.VERIFYING)
    near = due.filter(rollback__environment__zone__in=zones.ours())
    for number in near.order_by("due_at").values_list("id", flat=True)[:50]:
        pool.submit(_look, number)


def run_check(number: int, connect: Connect = ssh.connect) -> bool:
    """Look once at one check; False when somebody else does."""
    due = Look.objects.filter(pk=number, due_at__lte=Now())
    if not due.update(due_at=db_clock.later(EVERY)):
        return False
    row = Look.objects.select_related("rollback").get(pk=number)
    try:
        snapshot = approved_snapshot(row.rollback)
    except SnapshotChanged:
        # Whoever drives it raises the alarm.
        Rollback.objects.filter(pk=row.rollback_id).update(due_at=Now())
        enqueue(row.rollback_id)
        return False
    check = next(each for each in snapshot.checks if each.key == row.key)
    started = row.rollback.started_at or row.rollback.requested_at
    connect = redacted(connect, values_to_mask(row.rollback.environment_id))
    observed = _observe(snapshot, check, int(started.timestamp()), connect)
    _keep(row.pk, snapshot, check, observed)
    return True


def _observe(
    snapshot: Snapshot, check: CheckSpec, started: int, connect: Connect
) -> CheckObservation:
    """The first host where it does not hold speaks for all."""
    evidence = []
    for name in check.hosts:
        one = _observe_on(snapshot, name, check, started, connect)
        if not one.well:
            return CheckObservation(False, f"{name}: {one.evidence}")
        evidence.append(f"{name}: {one.evidence}")
    return CheckObservation(
        bool(evidence), " ".join(evidence) or "No host was named for this check."
    )


def _observe_on(
    snapshot: Snapshot, name: str, check: CheckSpec, started: int, connect: Connect
) -> CheckObservation:
    try:
        remote = connect(reach(snapshot.host(name)))
    except (HostRefused, RemoteError) as error:
        return CheckObservation(False, str(error))
    try:
        answer = remote.ask(automated_checks.check_command(check, started), timeout=30)
        return automated_checks.interpret_check(check, answer, started, time.time())
    except RemoteError as error:
        return CheckObservation(False, str(error))
    finally:
        remote.close()


@transaction.atomic
def _keep(number: int, snapshot: Snapshot, check: CheckSpec, observed: CheckObservation) -> None:
    row = Rollback.objects.select_for_update().get(looks=number)
    look_row = Look.objects.get(pk=number)
    if row.state != RollbackState.VERIFYING or look_row.due_at is None:
        return
    now, changed = db_clock.now(), look_row.well is not observed.well
    look_row.well, look_row.evidence = observed.well, observed.evidence
    look_row.looked_at = now
    look_row.good_since = (look_row.good_since or now) if observed.well else None
    settled = look_row.good_since is not None and (
        now - look_row.good_since >= timedelta(seconds=snapshot.settle)
    )
    if settled or check.key in latest_checks(row):
        look_row.due_at = None
    look_row.save()
    facts = {"key": check.key, "text": check.text, "evidence": observed.evidence}
    if changed:
        record(row, "check.observed", well=observed.well, **facts)
    if settled and check.key not in latest_checks(row):
        _answer(row, check, observed)


def _answer(row: Rollback, check: CheckSpec, observed: CheckObservation) -> None:
    given = ChecklistAnswer.objects.create(
        rollback=row, key=check.key, answer="pass", note=observed.evidence, by=None, at=Now()
    )
    facts = {"key": check.key, "text": check.text, "answer": "pass", "note": observed.evidence}
    record(row, "check.answered", **facts, given=describe_columns(given, ["at"]))
    Rollback.objects.filter(pk=row.pk).update(due_at=Now())
    enqueue_after_commit(row.pk)


def _look(number: int) -> None:
    try:
        run_check(number)
    finally:
        close_old_connections()
