"""What is said about a request before it runs: yes, no, questions, answers, a nudge.

Each checks the right of `by`, writes one change and one event in one transaction, and raises
`errors.Refused` with a sentence.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from rollback_console.common.people import display_name
from rollback_console.common.permission import may_do
from rollback_console.common.text import text_problem
from rollback_console.engine import authority
from rollback_console.engine.snapshot import Snapshot, difference
from rollback_console.engine.states import TERMINAL, RollbackState
from rollback_console.plans.approval import decision_makers
from rollback_console.plans.errors import NotReady
from rollback_console.plans.inventory.changes import changes_since
from rollback_console.plans.models import Delegation
from rollback_console.plans.snapshot.freeze import freeze_snapshot

from .. import db_clock, events
from ..errors import Changed, Refused
from ..events import OPEN_TO_READERS, record
from ..events.written_columns import WHEN_APPROVED, describe_columns
from ..execution.approved_snapshot import approved_snapshot, why_changed
from ..execution.failpoints import failpoint
from ..execution.lease import move
from ..execution.view import snapshot_of
from ..models import Approval, Event, Rollback
from ..permissions import rights
from ..permissions.rights import Authority
from ..sweeper import readiness_rule
from ..tasks import enqueue_after_commit

NUDGE_EVERY = timedelta(minutes=5)
"""Whoever it is that nudges: a phone that never stops is soon muted."""

MOST_WORDS = 100
"""Notes, questions and answers of one person about one rollback."""

MOST_REFUSALS = 30
"""Refused approvals of one person that one rollback keeps."""

_HASH = 64


def approve(rollback: Rollback, *, by: User, snapshot_sha256: str, note: str = "") -> Approval:
    """Say yes to exactly the snapshot with that hash.

    With the policy's quorum the rollback is approved, and started as soon as a worker comes.
    A refusal is put on record. Raises Changed when the snapshot is another one.
    """
    frozen = freeze_now(rollback)  # slow: not while the row is locked
    with transaction.atomic():
        row = locked(rollback)
        held = rights.authority_for(row)
        refused = _refusal(row, held, frozen, by, snapshot_sha256)
        if refused is None:
            approval = _yes(row, held, by, snapshot_sha256, note)
        else:
            _keep_refusal(row, by, refused)
    if refused is not None:
        raise refused
    failpoint("approve.committed")
    return approval


def reject(rollback: Rollback, *, by: User, snapshot_sha256: str, reason: str) -> Approval:
    """Say no: the request ends, with the reason on record."""
    if not reason.strip():
        raise Refused("Say why: the requester needs to know what to change.")
    with transaction.atomic():
        row = locked(rollback)
        if row.state != RollbackState.REQUESTED:
            raise Refused(f"This rollback is {row.state}; only a request can be rejected.")
        if snapshot_sha256 != row.snapshot_sha256:
            seen = snapshot_sha256[:_HASH] or "no hash"
            raise Changed([("snapshot", seen, row.snapshot_sha256)], seen=seen)
        used = _right_to_reject(row, by)
        move(row, RollbackState.REJECTED, finished_at=Now())
        return _vote(row, by, used, snapshot_sha256, reason, given=False)


@transaction.atomic
def ask_question(rollback: Rollback, *, by: User, text: str) -> Event:
    """Put a question into the timeline, for whoever asked for this or knows the answer."""
    row = locked(rollback)
    if row.state not in {RollbackState.REQUESTED, RollbackState.APPROVED}:
        raise Refused(f"This rollback is {row.state}: add a note instead of a question.")
    refuse_too_many_texts(row, by)
    facts: dict[str, Any] = {"text": _words(text), "to": [rights.named(row.requested_by)]}
    return record(row, events.APPROVAL_ASKED, by=_active(by), **facts)


@transaction.atomic
def answer_question(rollback: Rollback, *, question: int, by: User, text: str) -> Event:
    """Answer the question that the event with that seq put."""
    row = locked(rollback)
    question_event = (
        row.events.filter(seq=question, kind=events.APPROVAL_ASKED).select_related("by").first()
    )
    if question_event is None:
        raise Refused(f"Event {question} of this rollback is not a question.")
    if row.state in TERMINAL:
        raise Refused(f"This rollback is {row.state}: add a note instead of an answer.")
    refuse_too_many_texts(row, by)
    to = (
        [{"person": question_event.by_id, "name": display_name(question_event.by), "role": ""}]
        if question_event.by
        else []
    )
    return record(
        row, events.APPROVAL_ANSWERED, by=_active(by), question=question, text=_words(text), to=to
    )


@transaction.atomic
def nudge(rollback: Rollback, *, by: User) -> Event:
    """Ask those who are asked already once more; once in NUDGE_EVERY, whoever nudges."""
    row = locked(rollback)
    if not may_do(by, "rollbacks.request_rollback", row):
        raise Refused("You may not remind decision makers. Ask an operator.")
    if row.state != RollbackState.REQUESTED or row.expires_at <= db_clock.now():
        raise Refused("This request no longer needs a decision.")
    if left := next_nudge(row):
        raise Refused(f"A reminder was just sent. Try again in {left} min, or call them.")
    makers_asked = authority.makers_up_to(rights.authority_for(row).able(), row.rung)
    if not makers_asked:
        raise Refused("No decision maker can approve this. Ask an Admin to add one.")
    return record(row, events.APPROVAL_NUDGED, by=by, rung=row.rung, to=rights.people(makers_asked))


def next_nudge(rollback: Rollback) -> int:
    """In how many minutes, rounded up, a nudge is possible again; 0 for now."""
    last = rollback.events.filter(kind=events.APPROVAL_NUDGED).order_by("-seq").first()
    if last is None:
        return 0
    left = datetime.fromisoformat(last.at) + NUDGE_EVERY - db_clock.now()
    return max(-int(-left.total_seconds() // 60), 0)


def drift(rollback: Rollback) -> list[tuple[str, Any, Any]]:
    """What differs between the frozen snapshot and what would be frozen now.

    Not the policy: the one in force when this was asked for decides it.
    """
    return changes_between(rollback, freeze_now(rollback))


def freeze_now(rollback: Rollback) -> Snapshot | NotReady:
    """What would be frozen now, or what is missing for it."""
    try:
        like = snapshot_of(rollback.snapshot)
        return freeze_snapshot(rollback.revision, rollback.choices, like=like)
    except NotReady as error:
        return error


def changes_between(row: Rollback, frozen: Snapshot | NotReady) -> list[tuple[str, Any, Any]]:
    """What differs between the row's snapshot and that one, as `drift` says it."""
    if isinstance(frozen, NotReady):
        return [("", None, problem) for problem in frozen.problems]
    changes = difference(snapshot_of(row.snapshot), frozen)
    return [without_digests(*each) for each in changes if not each[0].startswith("policy.")]


def changes_in_words(rollback: Rollback) -> list[str]:
    """Who changed which host, way or secret since the request was frozen, as sentences."""
    return changes_since(snapshot_of(rollback.snapshot))


def without_digests(path: str, old: Any, new: Any) -> tuple[str, Any, Any]:
    """A digest tells a person nothing, and is nobody's business."""
    if path.endswith(".login") or path.startswith("secrets."):
        return path, "as it was", "changed" if new else "removed"
    return path, old, new


def locked(rollback: Rollback) -> Rollback:
    """The rollback's row, which nobody else changes until the transaction ends."""
    return Rollback.objects.select_for_update().get(pk=rollback.pk)


def _right_to_reject(row: Rollback, by: User) -> authority.Maker:
    held = rights.authority_for(row)
    mine = [each for each in held.makers if each.person == by.pk]
    if not mine:
        raise Refused("You are not a decision maker in this environment.")
    used = next((each for each in mine if not held.request.is_too_new(each)), None)
    if used is None:
        raise Refused("You became a decision maker after this was requested.")
    return used


def _yes(row: Rollback, held: Authority, by: User, seen: str, note: str) -> Approval:
    used = held.right_of(by)
    if used is None:
        raise Refused("Your right to approve this has just ended.")
    approval = _vote(row, by, used, seen, note, given=True)
    if held.enough(authority.Vote(by.pk, used.role, seen, used.lender)):
        approve_and_enqueue(row)
        record(
            row,
            "rollback.approved",
            row=describe_columns(row, WHEN_APPROVED),
            snapshot=row.snapshot_sha256,
        )
    return approval


def _vote(
    row: Rollback, by: User, used: authority.Maker, seen: str, text: str, *, given: bool
) -> Approval:
    under = _loan(row, by, used)
    approval = Approval.objects.create(
        rollback=row,
        by=by,
        role=used.role,
        under=under,
        snapshot_sha256=seen,
        round=row.round,
        given=given,
        note=text,
        at=Now(),
    )
    kind = "approval.given" if given else "approval.rejected"
    whose = {"on_behalf_of": used.lender_name} if under else {}
    facts: dict[str, Any] = {"role": used.role, "snapshot": seen, "note": text, "round": row.round}
    facts |= {"lender": used.lender, "vote": describe_columns(approval, ["at", "under_id"])}
    if not given:
        facts["row"] = describe_columns(row, ["finished_at"])
    record(row, kind, by=by, **facts, **whose)
    return approval


def _loan(row: Rollback, by: User, used: authority.Maker) -> Delegation | None:
    if not used.lender:
        return None
    held = (
        decision_makers.current_delegations(row.environment)
        .filter(giver=used.lender, to=by)
        .first()
    )
    if held is None:
        raise Refused("The approval right delegated to you has just ended.")
    return held


def approve_and_enqueue(row: Rollback) -> None:
    """From requested to approved: due at once, and for as long as the rules allow."""
    minutes = approved_snapshot(row).policy.start_expires
    move(
        row,
        RollbackState.APPROVED,
        approved_at=Now(),
        due_at=Now(),
        expires_at=db_clock.later(timedelta(minutes=minutes)),
    )
    enqueue_after_commit(row.pk)


def _refusal(
    row: Rollback, held: Authority, frozen: Snapshot | NotReady, by: User, seen: str
) -> Refused | None:
    if row.state == RollbackState.REQUESTED and seen != row.snapshot_sha256:
        return Changed([("snapshot", seen[:_HASH], row.snapshot_sha256)], seen=seen[:_HASH])
    if why := held.refusal(by, seen=seen) or why_changed(row):
        return Refused(why)
    if changes := changes_between(row, frozen):
        return Changed(changes, sentences=changes_in_words(row))
    why = readiness_rule.refusal(row)
    return Refused(why) if why else None


def _keep_refusal(row: Rollback, by: User, refused: Refused) -> None:
    """On record, but not without limit: anybody who may look can be refused."""
    if row.events.filter(kind="approval.refused", by=by).count() < MOST_REFUSALS:
        record(row, "approval.refused", by=by, why=str(refused))


def refuse_too_many_texts(row: Rollback, by: User) -> None:
    """Raise Refused where a person has said as much about a rollback as one may."""
    if row.events.filter(kind__in=OPEN_TO_READERS, by=by).count() >= MOST_WORDS:
        raise Refused(
            f"You have reached the limit of {MOST_WORDS} entries for this rollback. "
            "Continue elsewhere, and link to it from the postmortem."
        )


def _active(by: User) -> User:
    if not by.is_active:
        raise Refused("Your account is no longer active.")
    return by


def _words(text: str) -> str:
    if problem := text_problem(text):
        raise Refused(problem)
    return text.strip()
