"""What a rollback would cost in data: asks the hosts' own tools, counts, keeps the answers."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models.functions import Now

from rollback_console.documents.plan_config import MeasureConfig
from rollback_console.documents.shell.command_patterns import destroys
from rollback_console.engine.loss import Count, Loss, assess_loss
from rollback_console.engine.reversal import Effect, Operation, Reversal
from rollback_console.engine.snapshot import Snapshot, StepSpec
from rollback_console.remote.errors import RemoteError
from rollback_console.remote.protocol import Remote
from rollback_console.remote.shell_text import AS_A_STEP, CANNOT_ENTER, enter_folder

from ..models import Cost, Revision
from ..readiness.probes import Probe, ProbeAnswer, ProbeVerdict
from . import counting
from .migrations import MigrationQuestion, UnaskableReversal, questions

KINDS = ("reversal", "measure")
"""The kinds of ProbeResult that the cost is told by."""

_PATIENCE = 45.0
_OVERWRITES = frozenset({"restores-over", "drops-data", "removes-files", "destroys-resources"})
_IN = f'{enter_folder()}text=$2; {AS_A_STEP}exec "$@" "$text"'


@dataclass(frozen=True, slots=True)
class CostQuestions:
    """What one host is asked about the cost."""

    questions: tuple[MigrationQuestion, ...] = ()
    measures: tuple[MeasureConfig, ...] = ()


@dataclass(slots=True)
class CostAnswers:
    """What one host said about the cost."""

    host: str
    reversals: list[tuple[MigrationQuestion, Reversal]] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    measured: list[Count] = field(default_factory=list)
    late: bool = False

    def ran_out(self, late: float) -> bool:
        """Whether the time for asking is over, which is noted."""
        self.late = time.monotonic() >= late
        return self.late

    def answered(self) -> Iterator[tuple[Probe, ProbeAnswer]]:
        """The same as rows of the readiness matrix."""
        for question, reversal in self.reversals:
            probe = Probe(self.host, question.position, "reversal", question.subject, ())
            yield probe, _reading(reversal)
        for count in [*self.counts, *self.measured]:
            probe = Probe(self.host, 0, "measure", count.what, ())
            text = f"{count.rows:,}" if count.rows is not None else count.why
            verdict = ProbeVerdict.UNKNOWN if count.rows is None else ProbeVerdict.READY
            yield probe, ProbeAnswer(verdict, text)


@dataclass(frozen=True, slots=True)
class Costing:
    """What pages show of it: `at` is None while nobody has asked the hosts."""

    loss: Loss
    reversals: tuple[Reversal, ...] = ()
    counts: tuple[Count, ...] = ()
    at: datetime | None = None

    @property
    def impossible(self) -> str:
        """Why a reversal would fail or do nothing, as a sentence; "" where no tool says so."""
        return next((each.problem for each in self.reversals if each.broken), "")


def ask_costs(remote: Remote, host: str, cost_questions: CostQuestions, late: float) -> CostAnswers:
    """Ask one host; whatever fails becomes an unknown. In a thread of its own: no database.

    Nothing more is asked once it is `late` by the monotonic clock: then that is no finding.
    """
    answers = CostAnswers(host)
    for question in cost_questions.questions:
        if answers.ran_out(late):
            return answers
        reversal = _plan(remote, question)
        answers.reversals.append((question, reversal))
        if question.python and (removals := counting.removed(reversal)):
            answers.counts += _counts(remote, question, removals)
    for each in cost_questions.measures:
        if answers.ran_out(late):
            return answers
        answers.measured.append(_measure(remote, each))
    return answers


def unasked(host: str, cost_questions: CostQuestions, why: str) -> CostAnswers:
    """What is known of a host that could not be asked: nothing, and why."""
    reversals = [(each, Reversal("", (), why)) for each in cost_questions.questions]
    counts = [
        Count(each.what, None, why, each.table, each.column) for each in cost_questions.measures
    ]
    return CostAnswers(host, reversals, [], counts)


def save_cost(revision: Revision, snapshot: Snapshot, answers: Iterable[CostAnswers]) -> Cost:
    """Store the answers in place of the former ones; in the caller's transaction."""
    every = list(answers)
    reversals = [reversal for each in every for _, reversal in each.reversals]
    measured = [count for each in every for count in each.measured]
    counts = _without_twins([*measured, *(count for each in every for count in each.counts)])
    names = [each.what for each in measured if each.rows is not None]
    row, _new = Cost.objects.update_or_create(
        revision=revision,
        snapshot_sha256=snapshot.sha256,
        defaults={
            "reversals": [asdict(each) for each in [*reversals, *_unaskable(snapshot)]],
            "counts": [asdict(each) for each in counts],
            "unmeasured": unmeasured(snapshot, names),
            "at": Now(),
        },
    )
    row.refresh_from_db()
    return row


def costing(revision: Revision, snapshot: Snapshot) -> Costing:
    """What is known of the cost of exactly this."""
    row = Cost.objects.filter(revision=revision, snapshot_sha256=snapshot.sha256).first()
    return costing_of_row(row) if row else Costing(_unheard(snapshot))


def costing_of_snapshot(revision: Revision, snapshot_sha256: str) -> Costing | None:
    """What was last answered about the cost of the snapshot of that hash; None for nothing."""
    row = Cost.objects.filter(revision=revision, snapshot_sha256=snapshot_sha256).first()
    return costing_of_row(row) if row else None


def costing_of_row(row: Cost) -> Costing:
    """What one stored answer amounts to."""
    reversals = tuple(_reversal(each) for each in row.reversals)
    counts = tuple(Count(**each) for each in row.counts)
    return Costing(
        assess_loss(reversals, counts, unmeasured=row.unmeasured), reversals, counts, row.at
    )


def touches_data(snapshot: Snapshot) -> bool:
    """Whether any step that would run undoes migrations, or overwrites or removes data."""
    return bool(questions(snapshot) or unmeasured(snapshot))


def unmeasured(snapshot: Snapshot, measures: Collection[str] = ()) -> list[str]:
    """Steps that overwrite or remove data in a way no tool tells about beforehand.

    A measure counts what its author thought of, and never all that a step overwrites: what the
    `measures` did not count stays open.
    """
    asked_positions = {each.position for each in questions(snapshot)}
    beside = f"beside {', '.join(measures)}, nothing" if measures else "no measure of the plan"
    return [
        f"Step {step.number}, {step.title}, overwrites or removes data, and {beside} counts "
        "what that costs."
        for step in snapshot.steps
        if not step.standby
        and step.position >= snapshot.start_at
        and _overwrites(step, step.position in asked_positions)
    ]


def _overwrites(step: StepSpec, tool_tells: bool) -> bool:
    codes = set(destroys(step.script)) & _OVERWRITES
    return bool(codes) if tool_tells or not step.destructive else True


def _unheard(snapshot: Snapshot) -> Loss:
    silent = unmeasured(snapshot)
    if questions(snapshot):
        silent = ["Nobody has asked the hosts yet what undoing the migrations removes.", *silent]
    return assess_loss((), (), unmeasured=silent)


def _unaskable(snapshot: Snapshot) -> Iterator[Reversal]:
    for each in questions(snapshot):
        if isinstance(each, UnaskableReversal):
            problem = f"What this undoes cannot be asked beforehand: {each.text}"
            yield Reversal("", (), problem)


def _plan(remote: Remote, question: MigrationQuestion) -> Reversal:
    try:
        answer = remote.ask(list(question.argv), timeout=_PATIENCE)
    except RemoteError as error:
        return Reversal("", (), str(error))
    if answer.exit_code == CANNOT_ENTER:
        return Reversal("", (), f"The folder {question.cwd} cannot be entered.", broken=True)
    text = answer.output.decode(errors="replace")
    reversal = question.read(text)
    if answer.exit_code != 0 and not reversal.operations:
        lines = text.strip().splitlines()
        why = f"{question.subject} cannot be undone: {lines[-1][:300] if lines else 'no answer'}"
        return replace(reversal, problem=why, broken=True)
    return reversal


def _counts(
    remote: Remote, question: MigrationQuestion, operations: list[Operation]
) -> list[Count]:
    try:
        answer = remote.ask(counting.counting(question, operations), timeout=_PATIENCE)
    except RemoteError as error:
        return counting.uncounted(operations, str(error))
    return counting.counted(operations, answer)


def measure_command(measure: MeasureConfig) -> list[str]:
    """The argument list that runs one of the plan's own measures."""
    account = ["sudo", "-n", "-u", measure.runs_on.user] if measure.runs_on.user else []
    return [*account, "sh", "-c", _IN, "sh", measure.runs_on.cwd, measure.run]


def _measure(remote: Remote, each: MeasureConfig) -> Count:
    try:
        count = counting.measure(each.what, remote.ask(measure_command(each), timeout=_PATIENCE))
    except RemoteError as error:
        count = Count(each.what, None, f"{each.what} could not be counted: {error}")
    return replace(count, table=each.table, column=each.column)


def _without_twins(counts: list[Count]) -> list[Count]:
    """An author's own count of a table stands for ours of the same."""
    by_column: dict[Any, Count] = {}
    for each in counts:
        key = (each.table.lower(), each.column.lower()) if each.table else each.what
        if key not in by_column or by_column[key].rows is None:
            by_column[key] = each
    return list(by_column.values())


def _reading(reversal: Reversal) -> ProbeAnswer:
    if reversal.problem:
        verdict = ProbeVerdict.NOT_READY if reversal.broken else ProbeVerdict.UNKNOWN
        return ProbeAnswer(verdict, reversal.problem)
    number = len(reversal.operations)
    return ProbeAnswer(
        ProbeVerdict.READY, f"{number} operation{'' if number == 1 else 's'} to undo."
    )


def _reversal(raw: dict[str, Any]) -> Reversal:
    operations = [
        Operation(**{**each, "effect": Effect(each["effect"])}) for each in raw["operations"]
    ]
    return Reversal(raw["tool"], tuple(operations), raw["problem"], raw["broken"])
