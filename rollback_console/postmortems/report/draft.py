"""The postmortem that the events already tell: timeline, measures, decisions, deviations.

Nothing here is stored: it is drawn from the event stream whenever it is shown, so that it
cannot drift from what happened. What people write is in models.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollback_console.common.durations import duration
from rollback_console.engine.snapshot import Snapshot
from rollback_console.engine.states import outcome
from rollback_console.rollbacks.events import (
    KINDS,
    EventSeverity,
    PostmortemRole,
    actor,
    heading,
    kinds_with,
)
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Event, Message, Rollback
from rollback_console.rollbacks.questions import question_kind

from ..models import Postmortem
from . import phases
from .phases import MeasuredLoss, Recovery, StepMeasure, Times

__all__ = ["Draft", "Moment", "draft"]

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
class Draft:
    """Everything a postmortem can say by itself; `losses` is empty where nobody measured."""

    rollback: Rollback
    snapshot: Snapshot
    summary: str
    timeline: tuple[Moment, ...]
    steps: tuple[StepMeasure, ...]
    times: Times
    recovery: Recovery | None
    decisions: tuple[Moment, ...]
    deviations: tuple[Moment, ...]
    checks: tuple[tuple[str, str, str], ...]
    losses: tuple[MeasuredLoss, ...]
    messages: tuple[Message, ...]


_DECISIONS = kinds_with(PostmortemRole.DECISION)
_DEVIATIONS = kinds_with(PostmortemRole.DEVIATION)


def draft(rollback: Rollback) -> Draft:
    """What the events of `rollback` tell, in a fixed number of queries."""
    snapshot = snapshot_of(rollback.snapshot)
    events = list(rollback.events.select_related("by").order_by("seq"))
    timeline = _timeline(events, snapshot)
    times = phases.times(events)
    unplanned = {event.seq for event in events if _deviates(event)}
    return Draft(
        rollback=rollback,
        snapshot=snapshot,
        summary=_summary(rollback, snapshot, times),
        timeline=timeline,
        steps=phases.steps(rollback, snapshot),
        times=times,
        recovery=phases.recovery(rollback, _began(rollback)),
        decisions=tuple(each for each in timeline if each.kind in _DECISIONS),
        deviations=tuple(each for each in timeline if each.seq in unplanned),
        checks=_checks(rollback, snapshot),
        losses=phases.losses(events),
        messages=tuple(rollback.messages.select_related("by").order_by("id")),
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
                text=heading(event, snapshot),
                by=actor(event),
                important=_is_important(event),
                gap=silence if silence >= GAP else None,
            )
        )
    return tuple(moments)


def _is_important(event: Event) -> bool:
    kind = KINDS.get(event.kind)
    return kind is not None and kind.severity is not EventSeverity.DETAIL


def _deviates(event: Event) -> bool:
    """Whether it is not what the plan meant, or an answer that the console could not check."""
    question = question_kind(str(event.facts.get("question") or ""))
    answered = event.kind == "question.answered" and question is not None and question.eyewitness
    return answered or event.kind in _DEVIATIONS


def _began(rollback: Rollback) -> datetime | None:
    return Postmortem.objects.filter(rollback=rollback).values_list("began_at", flat=True).first()


def _summary(rollback: Rollback, snapshot: Snapshot, times: Times) -> str:
    took = f" in {duration(times.in_all)}" if times.in_all else ""
    request_sentence = f"Somebody asked to roll back {rollback.title}"
    did = f"{rollback.title} was rolled back" if rollback.started_at else request_sentence
    return (
        f"{did} in {rollback.environment} by the procedure “{snapshot.procedure}”. "
        f"It {outcome(rollback.state)}{took}. "
        f"Reason given: {rollback.reason}"
    )


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
