"""Whether the step runs of a rollback, and their logs, are what its events say.

Each function yields what differs, as the end of a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rollback_console.engine.snapshot import Snapshot
from rollback_console.engine.states import StepState

from .. import log_store
from ..models import Event, Rollback, StepRun
from .written_columns import RUN, differing_columns

_AT_THE_END = ("exit_code", "why", "flags", "survivors")
_ENDS = {"step.finished", "step.lost"}
_BEGINS = {
    "step.launched": StepState.LAUNCHING,
    "step.started": StepState.RUNNING,
    "step.withdrawn": StepState.PENDING,
}


def run_flaws(
    rollback: Rollback, snapshot: Snapshot, events: Sequence[Event], *, logs: bool
) -> Iterator[str]:
    """Everything in the rows of its runs that differs; their `logs` too, which takes longer."""
    by_token = _by_token(events)
    runs = {str(run.token): run for run in rollback.runs.all()}
    hosts = _hosts_of_steps(snapshot)
    retired = _retired(events)
    for token, run in runs.items():
        logged = by_token.get(token, [])
        yield from _identity_flaws(run, logged, hosts)
        yield from _state_flaws(run, logged, events)
        if logs:
            yield from _log_flaws(run, logged, retired.get(token))
    if by_token.keys() - runs.keys():
        yield "a step run that is on record is not in the table any more"


def _by_token(events: Sequence[Event]) -> dict[str, list[Event]]:
    logged: dict[str, list[Event]] = {}
    for event in events:
        if event.kind in _ENDS or event.kind in _BEGINS:
            logged.setdefault(str(event.facts.get("token")), []).append(event)
    return logged


def _hosts_of_steps(snapshot: Snapshot) -> dict[int, set[str]]:
    """By position, where a step runs: "" where a person does it."""
    return {
        step.position: {*step.hosts} if step.kind == "command" else {""} for step in snapshot.steps
    }


def _retired(events: Sequence[Event]) -> dict[str, Mapping[str, Any]]:
    return {
        str(entry["token"]): entry
        for each in events
        if each.kind == "logs.retired"
        for entry in each.facts.get("logs", [])
    }


def _identity_flaws(
    run: StepRun, logged: Sequence[Event], hosts: Mapping[int, set[str]]
) -> Iterator[str]:
    """It is the attempt, of the step, on the host that it was."""
    if run.host not in hosts.get(run.position, set()):
        yield f"{_name(run)} is of no step that was frozen"
    for name in ("position", "host", "attempt"):
        if any(each.facts.get(name, getattr(run, name)) != getattr(run, name) for each in logged):
            yield f"the {name} of {_name(run)} is not the one on record"


def _state_flaws(run: StepRun, logged: Sequence[Event], events: Sequence[Event]) -> Iterator[str]:
    end: Mapping[str, Any] = next(
        (each.facts for each in reversed(logged) if each.kind in _ENDS), {}
    )
    if run.state == StepState.SKIPPED:
        if not any(_leaves_out(each, run) for each in events):
            yield f"no event tells that {_name(run)} was skipped"
        return
    state = _state_on_record(logged)
    if run.state != state:
        yield f"{_name(run)} is {run.state} in the table and {state} on record"
        return
    for name in _AT_THE_END:
        if end.get(name, getattr(run, name)) != getattr(run, name):
            yield f"the {name.replace('_', ' ')} of {_name(run)} is not the one on record"
    recorded = {name: value for each in logged for name, value in each.facts.get(RUN, {}).items()}
    for name in differing_columns(run, recorded):
        yield f"the {name.replace('_', ' ')} of {_name(run)} is not the one on record"
    if run.answer and not any(_tells_answer(each, run) for each in events):
        yield f"no event tells that {_name(run)} was answered with {run.answer}"


def _state_on_record(logged: Sequence[Event]) -> str:
    if not logged:
        return StepState.PENDING
    last = logged[-1]
    ended = last.facts.get("state", StepState.LOST) if last.kind in _ENDS else ""
    return str(ended or _BEGINS[last.kind])


def _tells_answer(event: Event, run: StepRun) -> bool:
    """Whether an event says that people decided so about a bad ending."""
    if run.answer == "skip":
        return _leaves_out(event, run)
    about = (event.facts.get("position"), event.facts.get("answer"))
    return event.kind == "question.answered" and about == (run.position, run.answer)


def _leaves_out(event: Event, run: StepRun) -> bool:
    """Whether an event says that this run, among others, was left out."""
    facts = event.facts
    if event.kind == "step.skipped":
        hosts = facts.get("hosts")
        return facts.get("position") == run.position and (not hosts or run.host in hosts)
    return (
        event.kind == "host.excluded"
        and facts.get("host") == run.host
        and run.position in facts.get("positions", [])
    )


def _log_flaws(
    run: StepRun, logged: Sequence[Event], retired: Mapping[str, Any] | None
) -> Iterator[str]:
    """What was stored when it ended, what was retired, and what is there now are one."""
    end = next((each.facts for each in reversed(logged) if "log_sha256" in each.facts), None)
    if end is None:
        return
    try:
        log_store.check_log(run)
        digest = str(retired["sha256"]) if retired else log_store.hash_log(run).hexdigest()
    except log_store.UnreadableRow:
        yield f"the log of {_name(run)} cannot be read: a row of it holds something else"
        return
    if run.stored != (0 if retired else end.get("log_bytes", run.stored)):
        yield f"the size of the log of {_name(run)} is not the one that was stored"
    if digest != end["log_sha256"]:
        yield f"the log of {_name(run)} is not the one that was stored"


def _name(run: StepRun) -> str:
    where = f" on {run.host}" if run.host else ""
    return f"step {run.number}{where}, attempt {run.attempt},"
