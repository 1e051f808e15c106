"""Going on from another step, by a person who has seen what is left on each host.

What was approved stays what runs: nothing is added to it. What is left out is skipped on
record; what runs again is a new attempt, and is named by the person where it might do harm.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from rollback_console.engine.decide import RunView
from rollback_console.engine.resuming import Resumption, hindrance, resumption
from rollback_console.engine.snapshot import Snapshot, StepSpec
from rollback_console.engine.states import ENDED_BADLY, RollbackState, StepState

from ..errors import Refused
from ..events import record
from ..events.written_columns import describe_columns
from ..execution import apply, view
from ..execution.approved_snapshot import why_changed
from ..execution.view import snapshot_of
from ..models import Rollback, StepAnswer, StepRun
from . import requests
from .second_person import require_second_person
from .steering import leave_out, steer

STOPPED_MIDWAY = frozenset({RollbackState.ABORTED, RollbackState.FAILED})
"""Ended rollbacks whose rest may be asked for as a new one."""


@dataclass(frozen=True, slots=True)
class HostLeft:
    """What a rollback left on one host ("" is what people do), from its latest attempts.

    `done` are positions that succeeded, `open` those that never began there; `doubtful` are
    attempts that ended badly: of those the host holds some unknown part.
    """

    host: str
    done: tuple[int, ...]
    doubtful: tuple[StepRun, ...]
    skipped: tuple[int, ...]
    open: tuple[int, ...]


def left(rollback: Rollback) -> list[HostLeft]:
    """The state left on each host, by name."""
    runs = view.latest(rollback)
    hosts = sorted({run.host for run in runs})
    return [_left(host, [run for run in runs if run.host == host]) for host in hosts]


def would(rollback: Rollback, position: int) -> Resumption:
    """What going on from `position` would do now."""
    return resumption(*_facts(rollback), position)


def resume_from(
    rollback: Rollback, *, position: int, by: User, reason: str, again: Collection[int] = ()
) -> Rollback:
    """Resume from another step of a rollback that waits.

    `again` names the positions that have run, are not idempotent and will run anew: exactly
    those, so that nobody runs something twice who did not see it. Raises Refused.
    """
    with steer(rollback, by, reason, states=[RollbackState.WAITING]) as row:
        steps, runs = _facts(row)
        if why := why_changed(row) or hindrance(steps, runs, position, again):
            raise Refused(why)
        chosen = resumption(steps, runs, position)
        require_second_person(
            row,
            by,
            act="resume",
            deviation=f"resume from step {row.number_of(position)}",
            reason=reason,
            position=position,
            again=sorted(set(again)),
        )
        Rollback.objects.filter(pk=row.pk).update(pause_asked=False)
        given = StepAnswer.objects.create(
            rollback=row,
            position=position,
            kind="resume",
            answer="from",
            reason=reason,
            by=by,
            at=Now(),
        )
        record(
            row,
            "rollback.redirected",
            by=by,
            row={"pause_asked": False},
            given=describe_columns(given, ["at"]),
            position=position,
            reason=reason,
            again=sorted({run.position for run in chosen.again}),
            left={each.host: _told(each) for each in left(row)},
        )
        _carry_out(row, chosen, by, reason)
    return row


@transaction.atomic
def request_rest(
    rollback: Rollback,
    *,
    position: int,
    by: User,
    reason: str,
    parameters: Mapping[str, str] | None = None,
) -> Rollback:
    """Request the rest of a rollback that stopped midway, from `position`, as a new one.

    What has ended stays ended: its approval is spent, and its hosts may have changed since.
    `parameters` are values to correct; the new request is approved with them.
    """
    if rollback.state not in STOPPED_MIDWAY:
        raise Refused(
            f"This rollback is {rollback.state}; only one that stopped partway can be resumed."
        )
    known = snapshot_of(rollback.snapshot).parameters
    if unknown := sorted((parameters or {}).keys() - known.keys()):
        raise Refused(f"This rollback has no parameter named {', '.join(unknown)}.")
    values = {**rollback.choices.get("parameters", {}), **(parameters or {})}
    choices = {
        **rollback.choices,
        "parameters": values,
        "start_at": position,
        "continues": rollback.pk,
    }
    return requests.open_request(
        rollback.revision, by=by, reason=reason, choices=choices, trigger=rollback.trigger
    )


def _facts(row: Rollback) -> tuple[tuple[StepSpec, ...], tuple[RunView, ...]]:
    seen = view.build(row)
    return seen.steps, tuple(run for run in seen.runs if run.host not in seen.excluded)


def _carry_out(row: Rollback, chosen: Resumption, by: User, reason: str) -> None:
    runs = {str(run.token): run for run in view.latest(row)}
    for each in chosen.skipped:
        leave_out(runs[each.token])
    for position in sorted({each.position for each in chosen.skipped}):
        record(row, "step.skipped", by=by, position=position, reason=reason)
    for each in chosen.again:
        apply.retry(row, runs[each.token], by=by, reason=reason)


def _left(host: str, runs: list[StepRun]) -> HostLeft:
    return HostLeft(
        host=host,
        done=_positions(runs, {StepState.SUCCEEDED}),
        doubtful=tuple(run for run in runs if run.state in ENDED_BADLY),
        skipped=_positions(runs, {StepState.SKIPPED}),
        open=_positions(runs, set(StepState) - ENDED_BADLY - _SETTLED),
    )


_SETTLED = {StepState.SUCCEEDED, StepState.SKIPPED}


def _positions(runs: Iterable[StepRun], states: set[StepState]) -> tuple[int, ...]:
    return tuple(sorted(run.position for run in runs if run.state in states))


def _told(each: HostLeft) -> dict[str, object]:
    return {
        "done": each.done,
        "doubtful": [[run.position, run.state] for run in each.doubtful],
        "skipped": each.skipped,
        "open": each.open,
    }


def startable(snapshot: Snapshot) -> list[int]:
    """The positions that one may go on from."""
    return [step.position for step in snapshot.steps if not step.standby]
