"""Whether the rows of a rollback are what its events say: who asked, decided, answered, what ran.

Each function yields what differs, as the end of a sentence. What no event tells of is not
compared: an incident that was imported, and runs and answers from before it was recorded.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Model

from rollback_console.engine.snapshot import Snapshot
from rollback_console.engine.states import LIVE, RollbackState

from ..execution.view import snapshot_of
from ..models import Approval, BreakGlass, Event, Rollback, StepAnswer
from .run_checks import run_flaws
from .written_columns import differing_columns, rollback_flaws

_FROZEN = {"rollback.requested", "rollback.renewed"}
_VOTES = {"approval.given": True, "approval.rejected": False}
_VOTE_WORDS = {"at": "time", "under_id": "delegation"}
_END = "rollback.finished"
_RESUMED = "rollback.redirected"
_ANSWERS = {"gate.answered", "question.answered", _RESUMED}
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
    yield from rollback_flaws(rollback, events)
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
        for name in differing_columns(row, event.facts.get("vote", {})):
            yield f"the {_VOTE_WORDS[name]} of an approval or rejection is not the one on record"


def _vote_on_record(event: Event) -> tuple[Any, ...]:
    facts = event.facts
    vote = (event.by_id, facts.get("snapshot"), _VOTES[event.kind], facts.get("note"))
    return (*vote, facts.get("role"))


def _vote_in_table(row: Approval) -> tuple[Any, ...]:
    return (row.by_id, row.snapshot_sha256, row.given, row.note, row.role)


def _break_glass_flaws(rollback: Rollback, events: Sequence[Event]) -> Iterator[str]:
    uses = [each for each in events if each.kind == "break_glass.used"]
    rows = list(BreakGlass.objects.filter(rollback=rollback))
    if [_facts_of(each, "snapshot", "reason") for each in uses] != [
        (row.by_id, row.snapshot_sha256, row.reason) for row in rows
    ]:
        yield "who started it without approval, or why, is not what is on record"
    reviews = [each for each in events if each.kind == "break_glass.reviewed"]
    reviewed = [row for row in rows if row.reviewed_at or row.reviewed_by_id or row.finding]
    if [_facts_of(each, "finding") for each in reviews] != [
        (row.reviewed_by_id, row.finding) for row in reviewed
    ]:
        yield "who reviewed the start without approval, or the finding, is not what is on record"
    if _has_other_times(uses, rows, "used") or _has_other_times(reviews, reviewed, "review"):
        yield "when it was started without approval, or reviewed, is not what is on record"


_Entry = tuple[Any, ...]


def _answer_flaws(rollback: Rollback, events: Sequence[Event]) -> Iterator[str]:
    """Events and rows of answers and messages are written together, in one order."""
    answers = [each for each in events if each.kind in _ANSWERS]
    given = list(rollback.step_answers.all())
    if [_answer_on_record(each) for each in answers] != [_answer_in_table(row) for row in given]:
        yield "the answers about its steps are not those that were given"
    elif _has_other_times(answers, given, "given"):
        yield "when its steps were answered for is not what is on record"
    checks = [each for each in events if each.kind == "check.answered"]
    checked = list(rollback.check_answers.all())
    if [_facts_of(each, "key", "answer", "note") for each in checks] != [
        (row.by_id, row.key, row.answer, row.note) for row in checked
    ]:
        yield "the answers to its checks are not those that were given"
    elif _has_other_times(checks, checked, "given"):
        yield "when its checks were answered is not what is on record"
    messages = [each for each in events if each.kind == "message.sent"]
    sent = list(rollback.messages.all())
    if [_facts_of(each, "text", "recipients") for each in messages] != [
        (row.by_id, row.text, row.recipients) for row in sent
    ]:
        yield "the messages in the table are not those that were sent"
    elif _has_other_times(messages, sent, "sent"):
        yield "when its messages were sent is not what is on record"


def _facts_of(event: Event, *names: str) -> _Entry:
    return (event.by_id, *(event.facts.get(name) for name in names))


def _answer_on_record(event: Event) -> _Entry:
    if event.kind == _RESUMED:
        return (*_facts_of(event, "position"), "resume", "from", event.facts.get("reason"))
    return _facts_of(event, "position", "question", "answer", "note")


def _answer_in_table(row: StepAnswer) -> _Entry:
    return (row.by_id, row.position, row.kind, row.answer, row.reason)


def _has_other_times(events: Sequence[Event], rows: Sequence[Model], name: str) -> bool:
    return any(
        True
        for event, row in zip(events, rows, strict=False)
        for _ in differing_columns(row, event.facts.get(name, {}))
    )
