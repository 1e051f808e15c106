"""The steps of a rollback over their hosts, as the live page draws them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from rollback_console.engine.states import ENDED_BADLY, StepState
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Rollback, StepRun

from .step_track import Station, stations

MANY_HOSTS = 24
FEW_HOSTS = 12
_NUMBER = re.compile(r"([0-9]+)")

# Nobody needs to look at these while something else is wrong.
_CALM = frozenset({StepState.SUCCEEDED, StepState.SKIPPED, StepState.PENDING})

_DONE = frozenset({StepState.SUCCEEDED, StepState.SKIPPED})

# What matters most stands first and names the whole step.
_URGENCY = [*sorted(ENDED_BADLY), StepState.RUNNING, StepState.LAUNCHING, StepState.PENDING]


@dataclass(frozen=True, slots=True)
class StepGroup:
    """The runs of a step that are in one state; folded unless it may need a person."""

    state: str
    runs: list[StepRun]

    @property
    def opened(self) -> bool:
        """Whether its hosts are in sight before anybody unfolds it."""
        return self.state not in _CALM

    @property
    def named(self) -> bool:
        """Few enough to write their names out."""
        return len(self.runs) <= FEW_HOSTS


@dataclass(frozen=True, slots=True)
class BoardLine:
    """One step over its hosts: `state` is its most urgent one, `counts` how many have which.

    `began` is when its first run started, `ended` when its last one did, if all have.
    """

    station: Station
    state: str
    counts: list[tuple[str, int]]
    runs: list[StepRun]
    began: datetime | None
    ended: datetime | None

    @property
    def many(self) -> bool:
        """Too many hosts to write their names out."""
        return len(self.runs) > MANY_HOSTS

    @property
    def finished(self) -> bool:
        """Nothing of it is left to look at: a small screen folds it."""
        return bool(self.runs) and {run.state for run in self.runs} <= _DONE

    @property
    def seconds(self) -> float | None:
        """How long it took; None before it ended."""
        return (self.ended - self.began).total_seconds() if self.began and self.ended else None

    @property
    def groups(self) -> list[StepGroup]:
        """Its runs by state, the most urgent state first."""
        return [
            StepGroup(state, sorted((run for run in self.runs if run.state == state), key=_host))
            for state, _ in self.counts
        ]


def lines(rollback: Rollback, runs: list[StepRun]) -> list[BoardLine]:
    """Every step in order, with the latest attempts `runs`."""
    by_step: dict[int, list[StepRun]] = {}
    for run in sorted(runs, key=lambda run: _rank(run.state)):
        by_step.setdefault(run.position, []).append(run)
    return [
        _line(station, by_step.get(station.step.position, []))
        for station in stations(snapshot_of(rollback.snapshot))
    ]


def _line(station: Station, runs: list[StepRun]) -> BoardLine:
    counts = Counter(run.state for run in runs)
    starts = [run.started_at for run in runs if run.started_at]
    ends = [run.ended_at for run in runs if run.ended_at]
    over = len(ends) == len(runs)
    return BoardLine(
        station=station,
        state=runs[0].state if runs else StepState.PENDING,
        counts=sorted(counts.items(), key=lambda pair: _rank(pair[0])),
        runs=sorted(runs, key=_host),
        began=min(starts, default=None),
        ended=max(ends, default=None) if over else None,
    )


def _host(run: StepRun) -> list[tuple[int, str]]:
    """So that app-2 stands before app-10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in _NUMBER.split(run.host)]


def _rank(state: str) -> int:
    return _URGENCY.index(StepState(state)) if state in _URGENCY else len(_URGENCY)
