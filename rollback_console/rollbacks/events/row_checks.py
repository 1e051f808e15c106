"""Whether the rows of a rollback are what its events say: who asked, decided, answered, what ran.

Each function yields what differs, as the end of a sentence. What no event tells of is not
compared: an incident that was imported, and runs and answers from before it was recorded.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .. import log_store
from ..models import BreakGlass, Event, Rollback, StepRun

_FROZEN = {"rollback.requested", "rollback.renewed"}
_VOTES = {"approval.given": True, "approval.rejected": False}
_ENDS = {"step.finished", "step.lost"}
_ANSWERS = {"gate.answered", "question.answered"}
_ENDED = {"succeeded", "failed", "timed_out", "aborted", "lost", "abort_unconfirmed"}


def row_flaws(rollback: Rollback, events: Sequence[Event], *, logs: bool) -> Iterator[str]:
    """Everything in the rows that differs from the events; `logs` too, which takes longer."""
    if any(event.kind == "incident.imported" for event in events):
        return
    yield from _request_flaws(rollback, events)
    yield from _approval_flaws(rollback, events)
    yield from _break_glass_flaws(rollback, events)
    yield from _answer_flaws(rollback, events)
    yield from _run_flaws(rollback, events, logs)


def _request_flaws(rollback: Rollback, events: Sequence[Event]) -> Iterator[str]:
    requested = next((each for each in events if each.kind == "rollback.requested"), None)
    if requested is None:
        return
    if requested.by_id != rollback.requested_by_id:
        yield "the row names another person as who asked for it than the events do"
    for name, word in (("reason", "reason"), ("trigger", "trigger")):
        if requested.facts.get(name, getattr(rollback, name)) != getattr(rollback, name):
            yield f"the {word} in the row is not the one that was given"
    last = [each.facts for each in events if each.kind in _FROZEN][-1]
    if last.get("authors", rollback.authors) != rollback.authors:
        yield "who wrote what was new in it is not who was on record"
    frozen = last.get("snapshot")
    actual = hashlib.sha256(rollback.snapshot.encode()).hexdigest()
    if not frozen == rollback.snapshot_sha256 == actual:
        yield "its snapshot is not the one that was frozen"


def _approval_flaws(rollback: Rollback, events: Sequence[Event]) -> Iterator[str]:
    on_record: Counter[tuple[Any, ...]] = Counter(
        (each.by_id, each.facts.get("snapshot"), _VOTES[each.kind], each.facts.get("note"))
        for each in events
        if each.kind in _VOTES
    )
    rows: Counter[tuple[Any, ...]] = Counter(
        (row.by_id, row.snapshot_sha256, row.given, row.note) for row in rollback.approvals.all()
    )
    for _ in (rows - on_record).elements():
        yield "an approval or rejection is in the table that no event tells of"
    for _ in (on_record - rows).elements():
        yield "an approval or rejection that is on record is not in the table any more"


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


def _run_flaws(rollback: Rollback, events: Sequence[Event], logs: bool) -> Iterator[str]:
    ends = {str(each.facts.get("token")): each.facts for each in events if each.kind in _ENDS}
    retired = {
        str(entry["token"]): entry
        for each in events
        if each.kind == "logs.retired"
        for entry in each.facts.get("logs", [])
    }
    for run in rollback.runs.all():
        end = ends.get(str(run.token))
        if run.state in _ENDED and end is None:
            yield f"no event tells how {_name(run)} ended"
        elif end is not None:
            yield from _end_flaws(run, end)
            if logs and "log_sha256" in end:
                yield from _log_flaws(run, end, retired.get(str(run.token)))


def _end_flaws(run: StepRun, end: Mapping[str, Any]) -> Iterator[str]:
    if run.state != end.get("state", run.state):
        yield f"{_name(run)} is {run.state} in the table and {end['state']} on record"
    if run.exit_code != end.get("exit_code", run.exit_code):
        yield f"the exit code of {_name(run)} is not the one on record"


def _log_flaws(
    run: StepRun, end: Mapping[str, Any], retired: Mapping[str, Any] | None
) -> Iterator[str]:
    """What was stored when it ended, what was retired, and what is there now are one."""
    try:
        digest = str(retired["sha256"]) if retired else log_store.hash_log(run).hexdigest()
    except zlib.error:
        yield f"the log of {_name(run)} cannot be read: a row of it holds something else"
        return
    if digest != end["log_sha256"]:
        yield f"the log of {_name(run)} is not the one that was stored"


def _name(run: StepRun) -> str:
    where = f" on {run.host}" if run.host else ""
    return f"step {run.position}{where}, attempt {run.attempt},"
