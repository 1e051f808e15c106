"""What may happen next, as a pure function of a frozen view.

`decide` is asked again after every change, so each answer names only what may happen now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from .snapshot import StepSpec
from .states import END_UNKNOWN, ENDED_BADLY, IN_FLIGHT, RollbackState, StepState


@dataclass(frozen=True, slots=True)
class RunView:
    """The latest attempt of a step on one host (`host` is "" for a manual step).

    `answer` is what a person decided about a bad ending: "", "continue" or "skip".
    `ended_ago`, `running_for` and `unreachable_for` are seconds on the database's clock.
    `refused`: the console itself does not connect, because the host is not the approved one.
    """

    token: str
    position: int
    host: str
    attempt: int
    state: StepState
    answer: str = ""
    ended_ago: float = 0.0
    running_for: float = 0.0
    unreachable_for: float = 0.0
    refused: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """Everything `decide` may look at.

    `gates` are positions a person has let through, `canaries` those whose first host they
    found well. `excluded` are hosts a person left out of what is to come. `unanswered_checks`
    and `failed_checks` are keys. Flags say what people asked for. `running_for` is seconds on
    the database's clock since the start, or since a person last allowed more time; `time_limit`
    0 is none. A host that does not answer is waited for `unreachable_limit` seconds, or only
    `connect_limit`, the time to connect, where nothing is known to run or all is to end.
    """

    state: RollbackState
    steps: tuple[StepSpec, ...]
    runs: tuple[RunView, ...]
    gates: frozenset[int] = frozenset()
    canaries: frozenset[int] = frozenset()
    excluded: frozenset[str] = frozenset()
    unanswered_checks: frozenset[str] = frozenset()
    failed_checks: frozenset[str] = frozenset()
    pause_asked: bool = False
    abort_asked: bool = False
    unreachable_limit: float = 900.0
    connect_limit: float = 30.0
    running_for: float = 0.0
    time_limit: float = 0.0

    @property
    def overdue(self) -> bool:
        """Whether the time for the whole has passed."""
        return 0 < self.time_limit <= self.running_for


LATE = 60.0
"""Seconds after a step's time limit. A host ends what is late by itself: after so long
whatever watched it there must be dead, and it is stopped from here."""


class QuestionKind(StrEnum):
    """What a person is asked."""

    GATE = "gate"
    CANARY = "canary"
    MANUAL = "manual"
    FAILED = "failed"
    LOST = "lost"
    UNREACHABLE = "unreachable"
    PAUSED = "paused"
    OVERTIME = "overtime"
    CHECKS = "checks"
    ABORT_UNCONFIRMED = "abort_unconfirmed"


@dataclass(frozen=True, slots=True)
class StartStep:
    """Start the pending run `token`."""

    token: str


@dataclass(frozen=True, slots=True)
class RetryStep:
    """Make a new attempt of the step where `token` failed; the plan allows it unasked."""

    token: str


@dataclass(frozen=True, slots=True)
class StopStep:
    """Abort what runs under `token`, or see to it that it never starts."""

    token: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to decide until a host reports or `seconds` pass."""

    seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class AskPerson:
    """Only a person can go on: `tokens` are the runs it is about."""

    question: QuestionKind
    position: int = 0
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verify:
    """Every step is done: the checks come next."""


@dataclass(frozen=True, slots=True)
class Abort:
    """The plan says that a failure of this step ends the rollback."""

    position: int


@dataclass(frozen=True, slots=True)
class Finish:
    """Nothing is left to do."""

    state: RollbackState


Decision = StartStep | RetryStep | StopStep | Wait | AskPerson | Verify | Abort | Finish


@dataclass(frozen=True, slots=True)
class _Sorted:
    pending: list[RunView] = field(default_factory=list)
    in_flight: list[RunView] = field(default_factory=list)
    bad: list[RunView] = field(default_factory=list)


def decide(view: View) -> list[Decision]:
    """What may happen now: never empty, and starts nothing while anyone must be asked.

    Total over every view; raises nothing.
    """
    if view.abort_asked or view.state is RollbackState.ABORTING:
        return _aborting(view)
    if view.state is RollbackState.VERIFYING:
        return [_verifying(view)]
    runs_at = _runs_by_position(view)
    for step in sorted(view.steps, key=lambda step: not step.standby):
        if answer := _step(view, step, runs_at[step.position]):
            return answer
    return [Verify()]


def _aborting(view: View) -> list[Decision]:
    flying = [run for run in view.runs if run.state in IN_FLIGHT]
    if flying:
        return [*_silent(view, flying), *(StopStep(run.token) for run in flying), Wait()]
    unproven = tuple(
        run.token
        for run in view.runs
        if run.state is StepState.ABORT_UNCONFIRMED and not run.answer
    )
    if unproven:
        return [AskPerson(QuestionKind.ABORT_UNCONFIRMED, tokens=unproven)]
    return [Finish(RollbackState.ABORTED)]


def _verifying(view: View) -> Decision:
    if view.unanswered_checks:
        return AskPerson(QuestionKind.CHECKS)
    return Finish(RollbackState.FAILED if view.failed_checks else RollbackState.SUCCEEDED)


def _runs_by_position(view: View) -> defaultdict[int, list[RunView]]:
    runs_at: defaultdict[int, list[RunView]] = defaultdict(list)
    for run in view.runs:
        runs_at[run.position].append(run)
    return runs_at


def _step(view: View, step: StepSpec, attempts: list[RunView]) -> list[Decision]:
    runs = _sorted(attempts, step)
    if runs.bad:
        return _after_bad(view, step, runs)
    if runs.in_flight and step.kind == "manual":
        return [AskPerson(QuestionKind.MANUAL, step.position, (runs.in_flight[0].token,))]
    late = [StopStep(run.token) for run in runs.in_flight if _is_late(run, step)]
    if stuck := [*_silent(view, runs.in_flight), *late]:
        return [*stuck, Wait()]
    if not runs.pending and not runs.in_flight:
        return []
    if view.overdue:
        return [AskPerson(QuestionKind.OVERTIME), *([Wait()] if runs.in_flight else [])]
    if not runs.pending:
        return [Wait()]
    if view.pause_asked:
        return [Wait()] if runs.in_flight else [AskPerson(QuestionKind.PAUSED, step.position)]
    if step.gate and step.position not in view.gates:
        return [AskPerson(QuestionKind.GATE, step.position)]
    if step.canary and step.position not in view.canaries:
        return _canary(view, step, runs)
    return [*_starts(step, runs), Wait()]


def _is_late(run: RunView, step: StepSpec) -> bool:
    return run.state is StepState.RUNNING and run.running_for > step.time_limit + LATE


def _canary(view: View, step: StepSpec, runs: _Sorted) -> list[Decision]:
    if runs.in_flight:
        return [Wait()]
    if tried := _tried(view, step):
        return [AskPerson(QuestionKind.CANARY, step.position, tuple(run.token for run in tried))]
    return [StartStep(runs.pending[0].token), Wait()]


def _tried(view: View, step: StepSpec) -> list[RunView]:
    """What ran of this step on hosts that are still part of it: what a person can look at.

    What was skipped showed nothing. A step that undoes another may have run before, for another
    failure: only its latest round counts.
    """
    mine = [run for run in view.runs if run.position == step.position]
    newest = max(run.attempt for run in mine) if step.standby else 0
    return [
        run
        for run in mine
        if run.host not in view.excluded
        and run.attempt >= newest
        and run.state not in {StepState.PENDING, StepState.SKIPPED}
    ]


def _silent(view: View, flying: list[RunView]) -> list[Decision]:
    gone = [run for run in flying if run.unreachable_for > _silence_limit(view, run)]
    if not gone:
        return []
    tokens = tuple(run.token for run in gone)
    return [AskPerson(QuestionKind.UNREACHABLE, gone[0].position, tokens)]


def _silence_limit(view: View, run: RunView) -> float:
    """What is known to run is worth a long wait; an abort, and what nobody heard of, are not."""
    if run.refused:
        return 0.0
    is_known = run.state is StepState.RUNNING and not view.abort_asked
    return view.unreachable_limit if is_known else min(view.connect_limit, view.unreachable_limit)


def _sorted(runs: list[RunView], step: StepSpec) -> _Sorted:
    result = _Sorted()
    for run in runs:
        if run.state is StepState.PENDING:
            result.pending.append(run)
        elif run.state in IN_FLIGHT:
            result.in_flight.append(run)
        elif run.state in ENDED_BADLY and not _forgiven(run, step):
            result.bad.append(run)
    return result


def _forgiven(run: RunView, step: StepSpec) -> bool:
    said_no = run.state in {StepState.FAILED, StepState.TIMED_OUT}
    return bool(run.answer) or (said_no and step.on_failure == "continue" and not _again(run, step))


def _again(run: RunView, step: StepSpec) -> bool:
    return run.state is StepState.FAILED and run.attempt <= step.retry


def _after_bad(view: View, step: StepSpec, runs: _Sorted) -> list[Decision]:
    if runs.in_flight:
        return [Wait()]
    unknown = tuple(run.token for run in runs.bad if run.state in END_UNKNOWN)
    if unknown:
        return [AskPerson(QuestionKind.LOST, step.position, unknown)]
    held = view.pause_asked or view.overdue
    if not held and all(_again(run, step) for run in runs.bad):
        return [*_retries(step, runs.bad)]
    if step.on_failure == "abort":
        return [Abort(step.position)]
    return [AskPerson(QuestionKind.FAILED, step.position, tuple(run.token for run in runs.bad))]


def _retries(step: StepSpec, bad: list[RunView]) -> Iterator[Decision]:
    for run in bad:
        left = step.retry_delay - run.ended_ago
        yield Wait(left) if left > 0 else RetryStep(run.token)


def _starts(step: StepSpec, runs: _Sorted) -> list[Decision]:
    room = (step.rolling or len(runs.pending)) - len(runs.in_flight)
    return [StartStep(run.token) for run in runs.pending[: max(room, 0)]]
