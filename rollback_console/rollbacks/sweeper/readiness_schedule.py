"""What hosts say beforehand, as far as it concerns a rollback: asked in time, kept on record."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import close_old_connections, transaction
from django.db.models import Q
from django.db.models.functions import Now

from rollback_console.engine.loss import Count
from rollback_console.engine.states import TERMINAL, RollbackState
from rollback_console.plans.data_loss.cost import Costing
from rollback_console.plans.models import Asking, Plan, Revision
from rollback_console.plans.readiness import choices as plan_choices
from rollback_console.plans.readiness import queue
from rollback_console.plans.readiness.check import STALE, Readiness

from .. import db_clock, tasks, zones
from ..events import record
from ..models import Event, Rollback

PATIENCE = timedelta(seconds=4)
"""After so long the sweep asks by itself."""

KEPT = timedelta(days=30)

_FEW = 20

AFTER_END = timedelta(hours=1)
"""What hosts say later than that after the end of a rollback has other causes."""

_BEFORE_START = (RollbackState.REQUESTED, RollbackState.APPROVED)
_TOLD = ("readiness.lost", "readiness.regained")


def ask_hosts(
    revision: Revision, choices: dict[str, Any], *, why: str, by: User | None = None
) -> Asking | None:
    """Have a worker ask the hosts what `choices` would meet; None when there is no host."""
    asking = queue.enqueue_asking(revision, choices, why=why, by=by)
    if asking is not None and asking.taken_at is None:
        tasks.look_after_commit(asking.pk)
    return asking


def ask_all(revision: Revision, *, why: str, by: User | None = None) -> list[Asking]:
    """The same for every procedure of a revision."""
    askings = [
        ask_hosts(revision, choices, why=why, by=by)
        for choices in plan_choices.choices_by_procedure(revision)
    ]
    return [each for each in askings if each]


def ask_after_question(plan: Plan, *, by: User) -> list[Asking]:
    """Ask anew once somebody approved a host question: its plan, and what is requested of it."""
    rollbacks = Rollback.objects.filter(
        revision__plan=plan, state__in=_BEFORE_START, expires_at__gt=Now()
    )
    askings = [
        ask_hosts(each.revision, each.choices, why="request", by=by)
        for each in rollbacks.select_related("revision__plan__environment").order_by("-pk")[:_FEW]
    ]
    newest = plan.revisions.select_related("plan__environment").order_by("-number")[0]
    return [*ask_all(newest, why="person", by=by), *(each for each in askings if each)]


def ask_unasked(rollback: Rollback, why: str) -> None:
    """The same for a rollback, where the console asks on its own account at all."""
    if settings.READINESS_EVERY:
        ask_hosts(rollback.revision, rollback.choices, why=why)


def ask_after_end(*, rollback: Rollback, **_: Any) -> None:
    """Have what was counted before the start counted again: only that tells what is gone."""
    if rollback.started_at and rollback.events.filter(kind="data.measured").exists():
        ask_unasked(rollback, "end")


def schedule_plans() -> None:
    """Have plans asked about that nobody asked about: each of them is read again."""
    if settings.READINESS_EVERY:
        queue.schedule_askings(STALE * 3 / 4)
        queue.forget_askings(KEPT)


def sweep(pool: ThreadPoolExecutor) -> None:
    """Ask anew what grew old, and ask what no worker took; elsewhere, those who reach it do."""
    if not settings.READINESS_EVERY:
        return
    for rollback in _growing_old():
        queue.enqueue_asking(rollback.revision, rollback.choices, why="schedule")
    for number in queue.waiting_askings(PATIENCE, zones.ours()):
        pool.submit(_answer, number)
    for number in queue.waiting_askings(PATIENCE, _reached_by_others()):
        tasks.enqueue_look(number)


def _reached_by_others() -> list[str]:
    """Zones that this sweeper does not reach and a living worker does."""
    return [zone for zone, served in zones.served().items() if served and not zones.is_ours(zone)]


def heed(
    *, revision: Revision, snapshot_sha256: str, readiness: Readiness, costing: Costing, **_: Any
) -> None:
    """Put what the hosts said on the record of every rollback it is about."""
    rollbacks = Rollback.objects.filter(revision=revision, snapshot_sha256=snapshot_sha256)
    before = Q(state__in=_BEFORE_START)
    ended = Q(
        state__in=TERMINAL,
        started_at__isnull=False,
        finished_at__gt=db_clock.later(-AFTER_END),
        finished_at__lt=costing.at or Now(),
    )
    for number in rollbacks.filter(before | ended).values_list("id", flat=True):
        with transaction.atomic():
            row = Rollback.objects.select_for_update().get(pk=number)
            if row.state in _BEFORE_START:
                _on_record(row, readiness, costing)
            elif row.state in TERMINAL:
                _record_remaining(row, costing)


def _record_remaining(row: Rollback, costing: Costing) -> None:
    """Once each: what is counted later has other causes."""
    counted = row.events.filter(kind="data.remaining").values_list("facts", flat=True)
    known = {facts["what"] for facts in counted}
    for count in costing.counts:
        if count.rows is not None and count.what not in known:
            record(row, "data.remaining", what=count.what, rows=count.rows, table=count.table)


def _on_record(row: Rollback, readiness: Readiness, costing: Costing) -> None:
    for count in costing.counts:
        _count(row, count)
    last = Event.objects.filter(rollback=row, kind__in=_TOLD).order_by("-seq").first()
    was_lost = last is not None and last.kind == "readiness.lost"
    if readiness.red and not was_lost:
        reds = [f"{each.host}: {each.detail}" for each in readiness.red]
        record(row, "readiness.lost", why=reds[0], reds=reds[:20])
    elif was_lost and not readiness.red:
        record(row, "readiness.regained")


def _count(row: Rollback, count: Count) -> None:
    kind = "data.measured" if count.rows is not None else "data.unmeasured"
    counted = {"rows": count.rows, "table": count.table} if count.rows is not None else {}
    facts: dict[str, Any] = {"what": count.what, **(counted or {"why": count.why})}
    before = Event.objects.filter(rollback=row, kind__startswith="data.").order_by("-seq")
    last = next((each for each in before if each.facts.get("what") == count.what), None)
    if last is None or (last.kind, last.facts) != (kind, facts):
        record(row, kind, **facts)


def _growing_old() -> list[Rollback]:
    """Requests and approvals whose hosts were last asked too long ago."""
    waiting = Rollback.objects.filter(state__in=_BEFORE_START, expires_at__gt=Now())
    recent = Asking.objects.filter(at__gt=db_clock.later(-settings.READINESS_EVERY))
    fresh = recent.values("snapshot_sha256")
    growing_old = waiting.exclude(snapshot_sha256__in=fresh)
    return list(growing_old.select_related("revision__plan__environment")[:20])


def _answer(number: int) -> None:
    try:
        queue.answer_asking(number)
    finally:
        close_old_connections()
