"""What a person is asked now, and the ends of the logs that it is about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.auth.models import User
from django.utils.translation import gettext, ngettext

from rollback_console.common.durations import duration
from rollback_console.common.terminal import strip_escapes
from rollback_console.documents.shell.hidden_characters import show_hidden_in_output
from rollback_console.engine.decide import QuestionKind
from rollback_console.engine.loss import Loss
from rollback_console.engine.states import IN_FLIGHT, StepState
from rollback_console.plans.data_loss import cost
from rollback_console.plans.models import ProbeResult
from rollback_console.plans.readiness import check
from rollback_console.rollbacks import database_dumps, log_store
from rollback_console.rollbacks.actions.question_owner import question_owner
from rollback_console.rollbacks.actions.second_person import open_proposals
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Event, Rollback, StepRun
from rollback_console.rollbacks.queries import host_exclusion
from rollback_console.rollbacks.questions import AnswerChoice, QuestionText, question_kind

from .steps.step_track import Station, stations

LINES = 200
TAIL = 256 * 1024
FEW = 8
TAILS = 3


@dataclass(frozen=True, slots=True)
class LogTail:
    """The end of one run's log as text: (number from 1, line) pairs."""

    run: StepRun | None
    lines: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """What a person is asked: about which step, and which runs with the end of their logs.

    `name` is that of the kind; `limit` the time that the plan gives the whole.
    `undoing` is the step that the plan names to undo this one; `excludable` are hosts that
    ended it badly and without which the rollback could go on; on so many `others` the same
    step has not begun. `undone` is when the undoing step last ended well; `no_undo` is why there
    is none now. `no_dump` is what a person confirms before a destructive step that nothing can
    put back. At a gate `loss` is what is known of the cost in data, and `reds` are answers of
    hosts by which this or a later step would fail. `owner` takes care of it `owned_since`.
    """

    name: str
    kind: QuestionText
    position: int
    station: Station | None
    about: list[LogTail]
    limit: str = ""
    undoing: Station | None = None
    excludable: tuple[str, ...] = ()
    others: int = 0
    undone: datetime | None = None
    no_undo: str = ""
    no_dump: str = ""
    proposals: tuple[Event, ...] = ()
    loss: Loss | None = None
    reds: tuple[ProbeResult, ...] = ()
    owner: User | None = None
    owned_since: str = ""

    @property
    def heading(self) -> str:
        """What is asked, above the question."""
        return self._filled(self.kind.heading)

    @property
    def explanation(self) -> str:
        """What the person should know before they answer."""
        return self._filled(self.kind.explanation)

    @property
    def choices(self) -> list[AnswerChoice]:
        """The buttons, with their labels filled in."""
        return [replace(each, label=self._filled(each.label)) for each in self.kind.choices]

    def _filled(self, pattern: str) -> str:
        if not pattern:
            return ""
        title = self.station.step.title if self.station else ""
        hosts = sorted({each.run.host for each in self.about if each.run and each.run.host})
        return gettext(pattern).format(
            step=self.station.step.number if self.station else "",
            title=title,
            limit=self.limit,
            host=", ".join(hosts) or gettext("its canary host"),
            others=ngettext("the other host", "the other {number} hosts", self.others or 1).format(
                number=self.others
            ),
        )

    @property
    def numbered(self) -> list[tuple[int, str]]:
        """The steps that one answer each is wanted for, with what people call them."""
        runs = {each.run.position: each.run.number for each in self.about if each.run}
        own = {self.position: self.station.step.number if self.station else ""}
        return sorted((runs or own).items())


def open_question(rollback: Rollback, runs: list[StepRun]) -> OpenQuestion | None:
    """The question that stands, with the latest attempts `runs`; None when none does."""
    kind = question_kind(str(rollback.question.get("kind") or ""))
    if kind is None:
        return None
    name, position = rollback.question["kind"], int(rollback.question.get("position") or 0)
    snapshot = snapshot_of(rollback.snapshot)
    steps = {each.step.position: each for each in stations(snapshot)}
    station, tokens = steps.get(position), set(rollback.question.get("tokens", []))
    about = [run for run in runs if str(run.token) in tokens]
    undoing = steps.get(station.step.undo) if station and kind.undoable else None
    no_undo = database_dumps.why_not_undone(rollback, undoing.step) if undoing else ""
    if station and kind.undoable and not undoing:
        no_undo = _why_no_undo(rollback)
    gate = name == QuestionKind.GATE
    return OpenQuestion(
        name=name,
        kind=kind,
        position=position,
        station=station,
        about=_tails(about),
        limit=duration(snapshot.time_limit),
        undoing=None if no_undo else undoing,
        excludable=_excludable(about, runs) if kind.undoable else (),
        others=_not_begun(position, runs),
        undone=_undone(undoing, runs) if undoing else None,
        no_undo=no_undo,
        proposals=tuple(open_proposals(rollback)),
        no_dump=database_dumps.why_gate_warns(rollback, position) if gate else "",
        loss=_loss(rollback, station) if gate else None,
        reds=_reds(rollback, position, runs) if gate else (),
        owner=question_owner(rollback),
        owned_since=str(rollback.question.get("owned_since") or ""),
    )


def _why_no_undo(rollback: Rollback) -> str:
    """What there is instead of a step that undoes the one that is asked about."""
    dump = database_dumps.dump_to_restore(rollback)
    later = (
        f" The database can be put back from the dump on {dump.host} once this rollback has ended: "
        "abort it, then ask on this page to undo it."
        if dump
        else ""
    )
    return f"The plan names no step that undoes this one.{later}"


def _tails(runs: list[StepRun]) -> list[LogTail]:
    few = [log_tail(run, FEW) for run in runs[:TAILS]]
    return few + [LogTail(run, []) for run in runs[TAILS:]]


def _excludable(about: list[StepRun], runs: list[StepRun]) -> tuple[str, ...]:
    hosts = sorted({run.host for run in about if run.host})
    return tuple(host for host in hosts if not host_exclusion.alone(runs, host))


def _loss(rollback: Rollback, station: Station | None) -> Loss | None:
    """The verdict that approvers saw, where the step is one that could cost data."""
    if station is None or not station.step.destructive:
        return None
    return cost.costing(rollback.revision, snapshot_of(rollback.snapshot)).loss


def _reds(rollback: Rollback, position: int, runs: list[StepRun]) -> tuple[ProbeResult, ...]:
    """What hosts said would not work, of this step and of those that are still to come."""
    open_ones = {run.position for run in runs if run.state == StepState.PENDING} | {position}
    readiness = check.latest(rollback.revision, rollback.snapshot_sha256)
    return tuple(each for each in readiness.red if each.position in open_ones)


def _undone(undoing: Station, runs: list[StepRun]) -> datetime | None:
    mine = [run for run in runs if run.position == undoing.step.position]
    ends = [run.ended_at for run in mine if run.ended_at and run.state == StepState.SUCCEEDED]
    return max(ends, default=None)


def _not_begun(position: int, runs: list[StepRun]) -> int:
    return sum(run.position == position and run.state == StepState.PENDING for run in runs)


def shown_run(token: str, runs: list[StepRun], question: OpenQuestion | None) -> StepRun | None:
    """The run whose log is shown: the one chosen, asked about, working, or last to have spoken."""
    chosen = [run for run in runs if str(run.token) == token]
    about = question.about if question else []
    asked_about = [each.run for each in about if each.run and each.run.host]
    working = [run for run in runs if run.state in IN_FLIGHT and run.host]
    ended = sorted(
        (run for run in runs if run.ended_at and run.stored), key=lambda run: (run.ended_at, run.pk)
    )
    return next(iter([*chosen, *asked_about, *working, *reversed(ended), *runs]), None)


def log_tail(run: StepRun | None, count: int = LINES) -> LogTail:
    """The last `count` lines of a run's log as plain text."""
    if run is None or not run.stored:
        return LogTail(run, [])
    start = max(run.stored - (TAIL if count == LINES else TAIL // 16), 0)
    lines = log_store.read_log(run, start).decode(errors="replace").removesuffix("\n").split("\n")
    lines = lines[1:] if start and len(lines) > 1 else lines
    first = run.lines - len(lines) + 1
    return LogTail(run, [(first + i, _plain(line)) for i, line in enumerate(lines)][-count:])


def _plain(line: str) -> str:
    """As it would stand on a terminal at the end, without colours; hidden characters named."""
    shown = strip_escapes(line).rstrip("\r").rpartition("\r")[2]
    return show_hidden_in_output(shown)
