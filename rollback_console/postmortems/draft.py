"""The postmortem that the events already tell: timeline, measures, decisions, deviations.

Nothing here is stored: it is drawn from the event stream whenever it is shown, so that it
cannot drift from what happened. What people write is in models.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollback_console.engine.snapshot import Snapshot
from rollback_console.rollbacks.models import Event, Rollback

from .telling import IMPORTANT, tell

GAP = timedelta(minutes=5)
"""A silence at least this long is shown in the timeline."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline. `by` is "" for a machine; `gap` the silence before it."""

    seq: int
    at: datetime
    kind: str
    text: str
    by: str
    important: bool
    gap: timedelta | None


@dataclass(frozen=True, slots=True)
class StepMeasure:
    """How a step went: `took` spans all its attempts on all its hosts, None if it never ran."""

    position: int
    title: str
    attempts: int
    outcome: str
    took: timedelta | None
    limit: timedelta


@dataclass(frozen=True, slots=True)
class Times:
    """How long each phase took; None for one that was never reached."""

    to_decide: timedelta | None
    to_start: timedelta | None
    to_run: timedelta | None
    to_verify: timedelta | None
    in_all: timedelta | None


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything a postmortem can say by itself."""

    rollback: Rollback
    snapshot: Snapshot
    summary: str
    timeline: tuple[Moment, ...]
    steps: tuple[StepMeasure, ...]
    times: Times
    decisions: tuple[Moment, ...]
    deviations: tuple[Moment, ...]
    checks: tuple[tuple[str, str, str], ...]


_DECISIONS = {"approval.given", "approval.rejected", "approval.refused"}
_DEVIATIONS = {
    "step.skipped",
    "step.retried",
    "step.lost",
    "pause.requested",
    "abort.requested",
    "host.unreachable",
    "start.refused",
}


def draft(rollback: Rollback) -> Draft:
    """What the events of `rollback` tell, in a fixed number of queries."""
    snapshot = Snapshot.from_json(rollback.snapshot)
    events = list(rollback.events.select_related("by").order_by("seq"))
    timeline = _timeline(events, snapshot)
    times = _times(events)
    return Draft(
        rollback=rollback,
        snapshot=snapshot,
        summary=_summary(rollback, snapshot, times),
        timeline=timeline,
        steps=_steps(rollback, snapshot),
        times=times,
        decisions=tuple(each for each in timeline if each.kind in _DECISIONS),
        deviations=tuple(each for each in timeline if each.kind in _DEVIATIONS),
        checks=_checks(rollback, snapshot),
    )


def _timeline(events: Sequence[Event], snapshot: Snapshot) -> tuple[Moment, ...]:
    moments: list[Moment] = []
    for event in events:
        at = datetime.fromisoformat(event.at)
        silence = at - moments[-1].at if moments else timedelta(0)
        moments.append(
            Moment(
                seq=event.seq,
                at=at,
                kind=event.kind,
                text=tell(event, snapshot),
                by=event.by.get_username() if event.by else "",
                important=event.kind in IMPORTANT,
                gap=silence if silence >= GAP else None,
            )
        )
    return tuple(moments)


def _times(events: Sequence[Event]) -> Times:
    first = {event.kind: datetime.fromisoformat(event.at) for event in reversed(events)}

    def between(start: str, end: str) -> timedelta | None:
        return first[end] - first[start] if start in first and end in first else None

    ran_until = "rollback.verifying" if "rollback.verifying" in first else "rollback.finished"
    return Times(
        to_decide=between("rollback.requested", "rollback.approved"),
        to_start=between("rollback.approved", "rollback.started"),
        to_run=between("rollback.started", ran_until),
        to_verify=between("rollback.verifying", "rollback.finished"),
        in_all=between("rollback.requested", "rollback.finished"),
    )


def _summary(rollback: Rollback, snapshot: Snapshot, times: Times) -> str:
    took = f" in {clock(times.in_all)}" if times.in_all else ""
    return (
        f"{rollback.title} was rolled back in {rollback.environment} by the procedure "
        f"“{snapshot.procedure}”. It {ENDINGS.get(rollback.state, 'is ' + rollback.state)}{took}. "
        f"Reason given: {rollback.reason}"
    )


ENDINGS = {
    "succeeded": "succeeded",
    "failed": "failed",
    "aborted": "was aborted",
    "rejected": "was rejected",
    "expired": "expired",
    "withdrawn": "was withdrawn",
}


def _steps(rollback: Rollback, snapshot: Snapshot) -> tuple[StepMeasure, ...]:
    runs = list(rollback.runs.all())
    measures = []
    for step in snapshot.steps:
        mine = [run for run in runs if run.position == step.position]
        starts = [run.started_at for run in mine if run.started_at]
        ends = [run.ended_at for run in mine if run.ended_at and run.started_at]
        measures.append(
            StepMeasure(
                position=step.position,
                title=step.title,
                attempts=max((run.attempt for run in mine if run.started_at), default=0),
                outcome=", ".join(sorted({run.answer or run.state for run in mine})) or "never run",
                took=max(ends) - min(starts) if starts and ends else None,
                limit=timedelta(seconds=step.time_limit),
            )
        )
    return tuple(measures)


def _checks(rollback: Rollback, snapshot: Snapshot) -> tuple[tuple[str, str, str], ...]:
    last = {answer.key: answer for answer in rollback.check_answers.order_by("id")}
    return tuple(
        (
            check.text,
            last[check.key].get_answer_display() if check.key in last else "not answered",
            last[check.key].note if check.key in last else "",
        )
        for check in snapshot.checks
    )


def clock(span: timedelta | None) -> str:
    """A duration for people: 45 s, 12 min 3 s, 1 h 4 min; an en dash for None."""
    if span is None:
        return "–"
    seconds = round(span.total_seconds())
    hours, minutes = divmod(seconds // 60, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"
