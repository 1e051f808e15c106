"""What can be measured of a rollback: its phases, its steps, the data it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollback_console.documents.vocabulary.labels import minutes
from rollback_console.engine.snapshot import Snapshot
from rollback_console.engine.states import RollbackState
from rollback_console.plans.document_cache import document
from rollback_console.rollbacks.models import Event, Rollback, StepRun


@dataclass(frozen=True, slots=True)
class Times:
    """How long each phase took; None for one that was never reached.

    `to_decide` ends with the first yes or no, `to_approve` with enough of them.
    """

    to_decide: timedelta | None
    to_approve: timedelta | None
    to_start: timedelta | None
    to_run: timedelta | None
    to_verify: timedelta | None
    in_all: timedelta | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """From the failure to the end of a rollback that succeeded: what DORA calls failed
    deployment recovery time. `known`: somebody wrote when it began; else counted from the
    request, which is later."""

    took: timedelta
    known: bool


@dataclass(frozen=True, slots=True)
class StepMeasure:
    """How a step went: `took` spans all its attempts on all its hosts, None if it never ran.

    `planned` is the author's (shortest, longest), None where the plan says nothing.
    """

    position: int
    number: str
    title: str
    attempts: int
    outcome: str
    took: timedelta | None
    limit: timedelta
    planned: tuple[timedelta, timedelta] | None

    @property
    def over(self) -> bool:
        """Whether it took longer than its author meant."""
        return bool(self.took and self.planned and self.took > self.planned[1])


@dataclass(frozen=True, slots=True)
class MeasuredLoss:
    """Rows of one kind that the rollback cost; None where they were not counted after its end."""

    what: str
    rows: int | None


def times(events: Sequence[Event]) -> Times:
    """The phases, from the first event of each kind."""
    first = {event.kind: datetime.fromisoformat(event.at) for event in reversed(events)}

    def between(start: str, *ends: str) -> timedelta | None:
        reached = [first[end] for end in ends if end in first]
        return min(reached) - first[start] if start in first and reached else None

    ran_until = "rollback.verifying" if "rollback.verifying" in first else "rollback.finished"
    return Times(
        to_decide=between("rollback.requested", "approval.given", "approval.rejected"),
        to_approve=between("rollback.requested", "rollback.approved"),
        to_start=between("rollback.approved", "rollback.started"),
        to_run=between("rollback.started", ran_until),
        to_verify=between("rollback.verifying", "rollback.finished"),
        in_all=between("rollback.requested", "rollback.finished"),
    )


def recovery(rollback: Rollback, began_at: datetime | None) -> Recovery | None:
    """How long users waited; None unless the rollback succeeded."""
    if rollback.state != RollbackState.SUCCEEDED or rollback.finished_at is None:
        return None
    return Recovery(rollback.finished_at - (began_at or rollback.requested_at), bool(began_at))


def steps(rollback: Rollback, snapshot: Snapshot) -> tuple[StepMeasure, ...]:
    """Every step of the snapshot, beside what its author expected."""
    runs = list(rollback.runs.all())
    planned = _planned(rollback)
    return tuple(
        _measure(snapshot, each.position, planned.get(each.source), runs) for each in snapshot.steps
    )


def losses(events: Sequence[Event]) -> tuple[MeasuredLoss, ...]:
    """What was there before the start and was gone after the end; empty: nothing was counted.

    A count before the start is a forecast, and no loss: only the same count, asked again after
    the end, tells what is gone.
    """
    before, after = _counts(events, "data.measured"), _counts(events, "data.remaining")
    return tuple(
        MeasuredLoss(what, max(rows - after[what], 0) if what in after else None)
        for what, rows in before.items()
    )


def _counts(events: Sequence[Event], kind: str) -> dict[str, int]:
    """The last count of each thing."""
    return {
        str(event.facts.get("what", "")): int(event.facts.get("rows", 0))
        for event in events
        if event.kind == kind
    }


def _planned(rollback: Rollback) -> dict[str, tuple[timedelta, timedelta]]:
    planned = {}
    for procedure in document(rollback.revision).procedures:
        for step in procedure.steps:
            low, high = minutes(step.estimate)
            if low is not None and high is not None:
                span = (timedelta(minutes=low), timedelta(minutes=high))
                planned[f"{step.lines[0]}-{step.lines[1]}"] = span
    return planned


def _measure(
    snapshot: Snapshot,
    position: int,
    planned: tuple[timedelta, timedelta] | None,
    runs: Sequence[StepRun],
) -> StepMeasure:
    mine = [run for run in runs if run.position == position]
    starts = [run.started_at for run in mine if run.started_at]
    ends = [run.ended_at for run in mine if run.ended_at and run.started_at]
    return StepMeasure(
        position=position,
        number=snapshot.number_of(position),
        title=snapshot.step(position).title,
        attempts=max((run.attempt for run in mine if run.started_at), default=0),
        outcome=", ".join(sorted({run.answer or run.state for run in mine})) or "never run",
        took=max(ends) - min(starts) if starts and ends else None,
        limit=timedelta(seconds=snapshot.step(position).time_limit),
        planned=planned,
    )
