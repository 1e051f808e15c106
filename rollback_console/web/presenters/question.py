"""What a person is asked now, and the ends of the logs that it is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from rollback_console.engine.states import IN_FLIGHT, StepState
from rollback_console.rollbacks import database_dumps, log_store
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Rollback, StepRun
from rollback_console.rollbacks.queries import host_exclusion

from .step_track import Station, stations

LINES = 200
TAIL = 256 * 1024
FEW = 8
TOLD = 3

_UNDONE = frozenset({"failed", "lost"})

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x07|\x1b\\|$)|[ -/]*[0-~])")
_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Said:
    """The end of one run's log as text: (number from 1, line) pairs."""

    run: StepRun | None
    lines: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked: about which step, and which runs with the end of their logs.

    `undoing` is the step that the plan names to undo this one; `excludable` are hosts that
    ended it badly and without which the rollback could go on; on so many `others` the same
    step has not begun. `undone` is when the undoing step last ended well; `no_undo` is why there
    is none now. `no_dump` is what a person confirms before a destructive step that nothing can
    put back.
    """

    kind: str
    position: int
    station: Station | None
    about: list[Said]
    undoing: Station | None = None
    excludable: tuple[str, ...] = ()
    others: int = 0
    undone: datetime | None = None
    no_undo: str = ""
    no_dump: str = ""

    @property
    def positions(self) -> list[int]:
        """The steps that one answer each is wanted for."""
        return sorted({each.run.position for each in self.about if each.run} or {self.position})


def question(rollback: Rollback, runs: list[StepRun]) -> Question | None:
    """The question that stands, with the latest attempts `runs`; None when none does."""
    asked = rollback.question
    if not asked.get("kind"):
        return None
    position, tokens = int(asked.get("position") or 0), set(asked.get("tokens", []))
    steps = {each.step.position: each for each in stations(snapshot_of(rollback.snapshot))}
    station = steps.get(position)
    asked_about = [run for run in runs if str(run.token) in tokens]
    about = [said(run, FEW) for run in asked_about[:TOLD]]
    about += [Said(run, []) for run in asked_about[TOLD:]]
    undoing = steps.get(station.step.undo) if station and asked["kind"] in _UNDONE else None
    excludable = _excludable(asked_about, runs) if asked["kind"] in _UNDONE else ()
    others = _not_begun(position, runs) if asked["kind"] in _UNDONE else 0
    undone = _undone(undoing, runs) if undoing else None
    no_undo = database_dumps.why_not_undone(rollback, undoing.step) if undoing else ""
    no_dump = database_dumps.why_gate_warns(rollback, position) if asked["kind"] == "gate" else ""
    return Question(
        asked["kind"],
        position,
        station,
        about,
        undoing=None if no_undo else undoing,
        excludable=excludable,
        others=others,
        undone=undone,
        no_undo=no_undo,
        no_dump=no_dump,
    )


def _excludable(about: list[StepRun], runs: list[StepRun]) -> tuple[str, ...]:
    hosts = sorted({run.host for run in about if run.host})
    return tuple(host for host in hosts if not host_exclusion.alone(runs, host))


def _undone(undoing: Station, runs: list[StepRun]) -> datetime | None:
    mine = [run for run in runs if run.position == undoing.step.position]
    ends = [run.ended_at for run in mine if run.ended_at and run.state == StepState.SUCCEEDED]
    return max(ends, default=None)


def _not_begun(position: int, runs: list[StepRun]) -> int:
    return sum(run.position == position and run.state == StepState.PENDING for run in runs)


def shown(token: str, runs: list[StepRun], question: Question | None) -> StepRun | None:
    """The run whose log is shown: the one chosen, asked about, working, or last to have spoken."""
    chosen = [run for run in runs if str(run.token) == token]
    asked = [each.run for each in question.about if each.run and each.run.host] if question else []
    working = [run for run in runs if run.state in IN_FLIGHT and run.host]
    ended = sorted(
        (run for run in runs if run.ended_at and run.stored), key=lambda run: (run.ended_at, run.pk)
    )
    return next(iter([*chosen, *asked, *working, *reversed(ended), *runs]), None)


def said(run: StepRun | None, count: int = LINES) -> Said:
    """The last `count` lines of a run's log as plain text."""
    if run is None or not run.stored:
        return Said(run, [])
    start = max(run.stored - (TAIL if count == LINES else TAIL // 16), 0)
    lines = log_store.read(run, start).decode(errors="replace").removesuffix("\n").split("\n")
    lines = lines[1:] if start and len(lines) > 1 else lines
    first = run.lines - len(lines) + 1
    return Said(run, [(first + i, _plain(line)) for i, line in enumerate(lines)][-count:])


def _plain(line: str) -> str:
    """As it would stand on a terminal at the end, without colours; hidden characters named."""
    shown = _ESCAPES.sub("", line).rstrip("\r").rpartition("\r")[2]
    return _HIDDEN.sub(lambda match: _named(match[0]), shown)


def _named(character: str) -> str:
    opened, closed = "\N{MATHEMATICAL LEFT ANGLE BRACKET}", "\N{MATHEMATICAL RIGHT ANGLE BRACKET}"
    return f"{opened}U+{ord(character):04X}{closed}"
