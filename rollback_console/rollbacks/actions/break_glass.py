"""Starting without approval when nobody who could give it can be reached.

It takes a right that no group has by itself, a reason, and a review that somebody else
closes. Everything else holds: what was asked for is what runs, and one at a time.
"""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from rollback_console.engine.snapshot import Snapshot
from rollback_console.engine.states import TERMINAL, RollbackState
from rollback_console.plans.errors import NotReady

from .. import db_clock, events
from ..errors import Changed, Refused
from ..events import record
from ..events.written_columns import WHEN_APPROVED, describe_columns
from ..execution.approved_snapshot import why_changed
from ..execution.view import snapshot_of
from ..models import BreakGlass, Rollback
from ..permissions import rights
from ..permissions.rights import may_break_glass
from . import approvals

SHORTEST = 20
"""Characters of reason, runs of white space counted once."""


def why_not(rollback: Rollback, by: User) -> str:
    """Why `by` may not start this without approval; "" when they may."""
    if not may_break_glass(by):
        return "You may not use emergency start. An Admin can allow it for you."
    if rights.break_glass_is_newer(by, rollback.requested_at):
        return "You were allowed emergency start only after this was requested."
    if rollback.state != RollbackState.REQUESTED:
        return f"This rollback is {rollback.state}; only a request can be started without approval."
    if rollback.expires_at <= db_clock.now():
        return "This request has expired. Open a new one."
    return ""


def break_glass(rollback: Rollback, *, by: User, snapshot_sha256: str, reason: str) -> BreakGlass:
    """Start exactly the snapshot with that hash without its approvals.

    A refusal is put on record. Raises Changed when the snapshot is another one.
    """
    frozen = approvals.freeze_now(rollback)  # slow: not while the row is locked
    with transaction.atomic():
        row = approvals.locked(rollback)
        refused = _refusal(row, frozen, by, snapshot_sha256, reason)
        if refused is None:
            used = _use(row, by, snapshot_sha256, reason.strip())
        else:
            _keep_refusal(row, by, refused)
    if refused is not None:
        raise refused
    return used


def why_not_review(used: BreakGlass, by: User) -> str:
    """Why `by` may not close the review; "" when they may."""
    if by.pk in {used.by_id, used.rollback.requested_by_id}:
        return "You used emergency start or requested this rollback: somebody else must review it."
    decides = used.rollback.environment_id in rights.reach(by)
    if not by.is_active or not (decides or by.has_perm("plans.change_environment")):
        return "Only a decision maker of this environment or an Admin can review this."
    if used.rollback.state not in TERMINAL:
        return "The review can be closed once the rollback has ended."
    return ""


@transaction.atomic
def close_review(rollback: Rollback, *, by: User, finding: str) -> BreakGlass:
    """Somebody else says what they found: was it right, and what has to change."""
    row = approvals.locked(rollback)
    used = BreakGlass.objects.filter(rollback=row).select_related("rollback", "by").first()
    if used is None:
        raise Refused("Nobody used emergency start for this rollback.")
    if why := why_not_review(used, by):
        raise Refused(why)
    if len(" ".join(finding.split())) < SHORTEST:
        raise Refused(f"Enter your findings, at least {SHORTEST} characters.")
    still_open = BreakGlass.objects.filter(pk=used.pk, reviewed_at=None)
    if not still_open.update(reviewed_by=by, reviewed_at=Now(), finding=finding.strip()):
        raise Refused("This review is closed already.")
    to = [rights.named(used.by), rights.named(row.requested_by)]
    recipients = {each["person"]: each for each in to}
    record(
        row,
        events.BREAK_GLASS_REVIEWED,
        by=by,
        finding=finding.strip(),
        to=[*recipients.values()],
        review=describe_columns(used, ["reviewed_at"]),
    )
    used.refresh_from_db()
    return used


def open_reviews() -> QuerySet[BreakGlass]:
    """Reviews nobody has closed, the oldest first."""
    still_open = BreakGlass.objects.filter(reviewed_at=None).order_by("id")
    return still_open.select_related("by", "rollback__environment", "rollback__service").defer(
        "rollback__snapshot"
    )


def _keep_refusal(row: Rollback, by: User, refused: Refused) -> None:
    kept = row.events.filter(kind=events.BREAK_GLASS_REFUSED, by=by)
    if kept.count() < approvals.MOST_REFUSALS:
        record(row, events.BREAK_GLASS_REFUSED, by=by, why=str(refused))


def _refusal(
    row: Rollback, frozen: Snapshot | NotReady, by: User, seen: str, reason: str
) -> Refused | None:
    if why := why_not(row, by) or why_changed(row):
        return Refused(why)
    if seen != row.snapshot_sha256:
        return Changed([("snapshot", seen[:64], row.snapshot_sha256)], seen=seen[:64])
    if len(" ".join(reason.split())) < SHORTEST:
        return Refused(
            f"Say why no decision maker can be reached, in at least {SHORTEST} characters: all "
            "decision makers of this environment are notified."
        )
    changes = approvals.changes_between(row, frozen)
    return Changed(changes, sentences=approvals.changes_in_words(row)) if changes else None


def _use(row: Rollback, by: User, seen: str, reason: str) -> BreakGlass:
    used = BreakGlass.objects.create(
        rollback=row, by=by, reason=reason, snapshot_sha256=seen, at=Now()
    )
    approvals.approve_and_enqueue(row)
    record(
        row,
        events.BREAK_GLASS_USED,
        by=by,
        row=describe_columns(row, WHEN_APPROVED),
        used=describe_columns(used, ["at"]),
        reason=reason,
        snapshot=seen,
        given=rights.authority_for(row).given,
        quorum=snapshot_of(row.snapshot).policy.quorum,
        to=rights.owners(row),
    )
    return used
