"""Whether the rows of a rollback are what its events say: who asked, decided, answered, what ran.

Each function yields what differs, as the end of a sentence. What no event tells of is not
compared: an incident that was imported, and runs and answers from before it was recorded.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rollback_console.engine.snapshot import Snapshot
from rollback_console.engine.states import LIVE, RollbackState

from ..execution.view import snapshot_of
from ..models import Approval, BreakGlass, Event, Rollback
from .run_checks import run_flaws

_FROZEN = {"rollback.requested", "rollback.renewed"}
_VOTES = {"approval.given": True, "approval.rejected": False}
_END = "rollback.finished"
_ANSWERS = {"gate.answered", "question.answered"}
_STATES = {
    "rollback.requested": RollbackState.REQUESTED,
    "rollback.renewed": RollbackState.REQUESTED,
    "rollback.approved": RollbackState.APPROVED,
    "break_glass.used": RollbackState.APPROVED,
    "approval.rejected": RollbackState.REJECTED,
    "rollback.withdrawn": RollbackState.WITHDRAWN,
    "rollback.expired": RollbackState.EXPIRED,
    "rollback.started": RollbackState.RUNNING,
}
"""What a rollback is after such an event; once started, in any state in which it works."""


def row_flaws(rollback: Rollback, events: Sequence[Event], *, logs: bool) -> Iterator[str]:
    """Everything in the rows that differs from the events; `logs` too, which takes longer."""
    if any(event.kind == "incident.imported" for event in events):
        return
    yield from _request_flaws(rollback, events)
    yield from _state_flaws(rollback, events)
    yield from _approval_flaws(rollback, events)
    yield from _break_glass_flaws(rollback, events)
    yield from _answer_flaws(rollback, events)
    yield from _frozen_flaws(rollback, events, logs)


def _frozen_flaws(rollback: Rollback, events: Sequence[Event], logs: bool) -> Iterator[str]:
    """What can be compared with a snapshot that can be read; another is named already."""
    try:
        snapshot = snapshot_of(rollback.snapshot)
    except ValueError:
        yield "its snapshot cannot be read"
        return
    yield from _plan_flaws(rollback, snapshot)
    yield from run_flaws(rollback, snapshot, events, logs=logs)


def _request_flaws(rollback: Rollback, events: Sequence[Event]) -> Iterator[str]:
    requested = next((each for each in events if each.kind == "rollback.requested"), None)
    if requested is None:
        return
    if requested.by_id != rollback.requested_by_id:
        yield "the row names another person as who asked for it than the events do"
    for name, word in (("reason", "reason"), ("trigger", "trigger")):
        if requested.facts.get(name, getattr(rollback, name)) != getattr(rollback, name):
            yield f"the {word} in the row is not the one that was given"
    frozen = [each.facts for each in events if each.kind in _FROZEN][-1]
    if frozen.get("authors", rollback.authors) != rollback.authors:
        yield "who wrote what was new in it is not who was on record"
    actual = hashlib.sha256(rollback.snapshot.encode()).hexdigest()
    if not frozen.get("snapshot") == rollback.snapshot_sha256 == actual:
        yield "its snapshot is not the one that was frozen"
    if frozen.get("round", rollback.round) != rollback.round:
        yield "the round in the row, which says which approvals count, is not the one on record"


def _plan_flaws(rollback: Rollback, snapshot: Snapshot) -> Iterator[str]:
    """The row hangs on the plan, service and environment that were frozen."""
    revision = rollback.revision
    frozen = (snapshot.plan, snapshot.revision, snapshot.revision_sha256)
    if frozen != (revision.plan.slug, revision.number, revision.sha256):
        yield "the revision in the row is not the one that was frozen"
    if (snapshot.service, snapshot.environment) != (
        rollback.service.slug,
        rollback.environment.slug,
    ):
        yield "the service or the environment in the row is not the one that was frozen"


def _state_flaws(rollback: Rollback, events: Sequence[Event]) -> Iterator[str]:
    state = ""
    for event in events:
        state = str(event.facts.get("state", "")) if event.kind == _END else state
        state = _STATES.get(event.kind, state)
    fits = rollback.state in LIVE if state == RollbackState.RUNNING else rollback.state == state
    if state and not fits:
        yield f"it is {rollback.state} in the table and {state} on record"


def _approval_flaws(rollback: Rollback, events: Sequence[Event]) -> Iterator[str]:
    votes = [each for each in events if each.kind in _VOTES]
    rows = list(rollback.approvals.select_related("under"))
    on_record = Counter(_vote_on_record(each) for each in votes)
    in_table = Counter(_vote_in_table(row) for row in rows)
    for _ in (in_table - on_record).elements():
        yield "an approval or rejection is in the table that no event tells of"
    for _ in (on_record - in_table).elements():
        yield "an approval or rejection that is on record is not in the table any more"
    # One by one, in the order in which they were given: both are written together.
    for event, row in zip(votes, rows, strict=False):
        lender = row.under.giver_id if row.under else 0
        for name, value in (("round", row.round), ("lender", lender)):
            if event.facts.get(name, value) != value:
                yield f"the {name} of an approval or rejection is not the one on record"


def _vote_on_record(event: Event) -> tuple[Any, ...]:
    facts = event.facts
    vote = (event.by_id, facts.get("snapshot"), _VOTES[event.kind], facts.get("note"))
    return (*vote, facts.get("role"))


def _vote_in_table(row: Approval) -> tuple[Any, ...]:
    return (row.by_id, row.snapshot_sha256, row.given, row.note, row.role)


def _break_glass_flaws(rollback: Rollback, events: Sequence[Event]) -> Iterator[str]:
    on_record = [
        (each.by_id, each.facts.get("snapshot"), each.facts.get("reason"))
        for each in events
        if each.kind == "break_glass.used"
    ]
    rows = BreakGlass.objects.filter(rollback=rollback)
    if on_record != list(rows.values_list("by_id", "snapshot_sha256", "reason")):
        yield "who started it without approval, or why, is not what is on record"


def _answer_flaws(rollback: Rollback, events: Sequence[Event]) -> Iterator[str]:
    answers = Counter(
        (each.by_id, each.facts.get("position"), each.facts.get("answer"), each.facts.get("note"))
        for each in events
        if each.kind in _ANSWERS
    )
    rows = Counter(
        (row.by_id, row.position, row.answer, row.reason)
        for row in rollback.step_answers.exclude(kind="resume")
    )
    checks = Counter(
        (each.by_id, each.facts.get("key"), each.facts.get("answer"), each.facts.get("note"))
        for each in events
        if each.kind == "check.answered"
    )
    check_rows = Counter(
        (row.by_id, row.key, row.answer, row.note) for row in rollback.check_answers.all()
    )
    if answers != rows:
        yield "the answers about its steps are not those that were given"
    if checks != check_rows:
        yield "the answers to its checks are not those that were given"
