"""The only human writes to a rollback: opening, deciding, starting. Steering is in steering.py.

Each is a verb that checks the right of `by`, writes one state change and one event in one
transaction, and returns the thing. All raise `errors.Refused` with a sentence.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from rollback_console.engine import authority
from rollback_console.engine.snapshot import difference
from rollback_console.engine.states import RollbackState
from rollback_console.plans.errors import NotReady
from rollback_console.plans.models import DecisionMaker, Environment, Revision
from rollback_console.plans.services import freeze

from . import clock
from .errors import Changed, Refused
from .events import record
from .failpoints import failpoint
from .lease import move
from .models import Approval, Rollback
from .pins import lift, pin
from .steering import (
    answer,
    answer_check,
    exclude,
    note,
    pause,
    request_abort,
    resume,
    retry,
    send_message,
    skip,
    undo,
)
from .tasks import enqueue_after_commit
from .view import snapshot_of

__all__ = [
    "answer",
    "answer_check",
    "approve",
    "authority_of",
    "drift",
    "exclude",
    "lift",
    "makers_of",
    "note",
    "pause",
    "pin",
    "reject",
    "renew",
    "request",
    "request_abort",
    "resume",
    "retry",
    "send_message",
    "skip",
    "start",
    "undo",
    "why_not",
    "withdraw",
]


@transaction.atomic
def request(
    revision: Revision, *, by: User, reason: str, choices: dict[str, Any], trigger: str = ""
) -> Rollback:
    """Open a rollback of `revision`.

    Raises plans.errors.NotReady with everything that is missing, so that nothing incomplete
    can ever be approved.
    """
    if not by.has_perm("rollbacks.request_rollback"):
        raise Refused("You may not open a rollback. Ask an operator, or an admin for the right.")
    if not reason.strip():
        raise Refused("Say why this must be rolled back: the people who decide read it first.")
    snapshot = freeze(revision, choices)
    environment = revision.plan.environment
    if missing := authority.unsatisfiable(
        snapshot.policy, makers_of(environment), barred(revision, by)
    ):
        raise NotReady([f"Nobody could approve this. {missing}"])
    rollback = Rollback.objects.create(
        revision=revision,
        service=revision.plan.service,
        environment=environment,
        title=revision.plan.title,
        trigger=trigger.strip(),
        reason=reason.strip(),
        choices=choices,
        snapshot=snapshot.to_json(),
        snapshot_sha256=snapshot.sha256,
        requested_by=by,
        requested_at=Now(),
        expires_at=clock.later(timedelta(minutes=snapshot.policy.request_expires)),
    )
    record(
        rollback,
        "rollback.requested",
        by=by,
        reason=rollback.reason,
        trigger=rollback.trigger,
        snapshot=snapshot.sha256,
    )
    rollback.refresh_from_db()
    return rollback


def approve(rollback: Rollback, *, by: User, snapshot_sha256: str, note: str = "") -> Approval:
    """Say yes to exactly the snapshot with that hash.

    With the policy's quorum the rollback is approved, and started as soon as a worker comes.
    A refusal is put on record. Raises Changed when the snapshot is another one.
    """
    with transaction.atomic():
        row = _locked(rollback)
        refused = _refusal(row, by, snapshot_sha256)
        if refused is None:
            approval = _vote(row, by, snapshot_sha256, note, given=True)
            _count(row)
        else:
            record(row, "approval.refused", by=by, why=str(refused))
    if refused is not None:
        raise refused
    failpoint("approve.committed")
    return approval


@transaction.atomic
def renew(rollback: Rollback, *, by: User) -> Rollback:
    """Freeze a request anew after hosts, keys or rules changed; earlier approvals are void."""
    row = _locked(rollback)
    if row.state != RollbackState.REQUESTED:
        raise Refused(f"This rollback is {row.state}; only a request can be renewed.")
    if not by.has_perm("rollbacks.request_rollback"):
        raise Refused("You may not renew a request. Ask an operator.")
    snapshot = freeze(row.revision, row.choices)
    Rollback.objects.filter(pk=row.pk).update(
        snapshot=snapshot.to_json(), snapshot_sha256=snapshot.sha256
    )
    changes = [path for path, _, _ in difference(snapshot_of(row.snapshot), snapshot)]
    record(row, "rollback.renewed", by=by, snapshot=snapshot.sha256, changes=changes)
    row.refresh_from_db()
    return row


def drift(rollback: Rollback) -> list[tuple[str, Any, Any]]:
    """What differs between the frozen snapshot and what would be frozen now."""
    try:
        now = freeze(rollback.revision, rollback.choices)
    except NotReady as error:
        return [("", None, problem) for problem in error.problems]
    return difference(snapshot_of(rollback.snapshot), now)


def reject(rollback: Rollback, *, by: User, snapshot_sha256: str, reason: str) -> Approval:
    """Say no: the request ends, with the reason on record."""
    if not reason.strip():
        raise Refused("Say why: who asked needs to know what to change.")
    with transaction.atomic():
        row = _locked(rollback)
        if row.state != RollbackState.REQUESTED:
            raise Refused(f"This rollback is {row.state}; only a request can be rejected.")
        if not row.environment.decision_makers.filter(user=by).exists():
            raise Refused("You are not a decision maker for this environment.")
        approval = _vote(row, by, snapshot_sha256, reason, given=False)
        move(row, RollbackState.REJECTED, finished_at=Now())
    return approval


@transaction.atomic
def withdraw(rollback: Rollback, *, by: User, reason: str = "") -> Rollback:
    """Take a request back, by who made it, before anything ran."""
    row = _locked(rollback)
    if row.requested_by_id != by.pk:
        raise Refused("Only who asked may withdraw a request. A decision maker can reject it.")
    if row.state not in {RollbackState.REQUESTED, RollbackState.APPROVED}:
        raise Refused(f"This rollback is {row.state}; it can no longer be withdrawn.")
    move(row, RollbackState.WITHDRAWN, finished_at=Now())
    record(row, "rollback.withdrawn", by=by, reason=reason)
    return row


@transaction.atomic
def start(rollback: Rollback, *, by: User) -> Rollback:
    """Start an approved rollback again after its first start was refused."""
    row = _locked(rollback)
    if not by.has_perm("rollbacks.operate_rollback"):
        raise Refused("You may not start a rollback. Ask an operator.")
    if row.state != RollbackState.APPROVED:
        raise Refused(f"This rollback is {row.state}; only an approved one can be started.")
    Rollback.objects.filter(pk=row.pk).update(start_asked=True, due_at=Now())
    record(row, "start.asked", by=by)
    enqueue_after_commit(row.pk)
    return row


def why_not(rollback: Rollback, by: User, *, seen: str) -> str:
    """Why `by`, looking at the snapshot `seen`, may not approve; "" when they may."""
    if rollback.state != RollbackState.REQUESTED:
        return f"This rollback is {rollback.state}; there is nothing to approve."
    if not by.is_active:
        return "Your account is no longer active."
    return authority.refusal(
        authority_of(rollback),
        makers_of(rollback.environment),
        _votes(rollback),
        person=by.pk,
        seen=seen,
    )


def authority_of(rollback: Rollback) -> authority.Request:
    """What the rules need to know of a request, on the database's clock."""
    return authority.Request(
        snapshot_sha256=rollback.snapshot_sha256,
        policy=snapshot_of(rollback.snapshot).policy,
        barred=barred(rollback.revision, rollback.requested_by),
        expired=rollback.expires_at <= clock.now(),
    )


def makers_of(environment: Environment) -> list[authority.Maker]:
    """The environment's active decision makers, by rung."""
    rows = DecisionMaker.objects.filter(environment=environment, user__is_active=True)
    return [
        authority.Maker(
            row.user_id, row.user.get_full_name() or row.user.username, row.role, row.rung
        )
        for row in rows.select_related("user").order_by("rung", "id")
    ]


def barred(revision: Revision, requester: User) -> frozenset[int]:
    """People who may not approve: who asks, and who wrote the revision."""
    author = [revision.author_id] if revision.author_id else []
    return frozenset({requester.pk, *author})


def _locked(rollback: Rollback) -> Rollback:
    return Rollback.objects.select_for_update().get(pk=rollback.pk)


def _vote(row: Rollback, by: User, seen: str, text: str, *, given: bool) -> Approval:
    maker = row.environment.decision_makers.get(user=by)
    approval = Approval.objects.create(
        rollback=row, by=by, role=maker.role, snapshot_sha256=seen, given=given, note=text, at=Now()
    )
    kind = "approval.given" if given else "approval.rejected"
    record(row, kind, by=by, role=maker.role, snapshot=seen, note=text)
    return approval


def _count(row: Rollback) -> None:
    if not authority.enough(authority_of(row), _votes(row)):
        return
    minutes = snapshot_of(row.snapshot).policy.start_expires
    move(
        row,
        RollbackState.APPROVED,
        approved_at=Now(),
        due_at=Now(),
        expires_at=clock.later(timedelta(minutes=minutes)),
    )
    record(row, "rollback.approved", snapshot=row.snapshot_sha256)
    enqueue_after_commit(row.pk)


def _votes(row: Rollback) -> list[authority.Vote]:
    return [
        authority.Vote(vote.by_id, vote.role, vote.snapshot_sha256)
        for vote in row.approvals.filter(given=True)
    ]


def _refusal(row: Rollback, by: User, seen: str) -> Refused | None:
    if row.state == RollbackState.REQUESTED and seen != row.snapshot_sha256:
        return Changed([("snapshot", seen, row.snapshot_sha256)])
    if why := why_not(row, by, seen=seen):
        return Refused(why)
    changes = drift(row)
    return Changed(changes) if changes else None
