"""A revision as its page shows it: the source line by line, beside what each line became."""

from __future__ import annotations

from dataclasses import dataclass

from rollback_console.documents.markdown.source import split_lines
from rollback_console.documents.model import (
    Finding,
    PlanDocument,
    Procedure,
    Severity,
    Step,
    StepKind,
)
from rollback_console.documents.plan_config import DumpConfig, read_plan_config
from rollback_console.plans import document_cache
from rollback_console.plans.acknowledgement import ListedFinding, list_findings
from rollback_console.plans.models import Revision

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line of the source: `anchor` is the id of what it became, "" for none."""

    number: int
    text: str
    unmapped: bool
    anchor: str

    @property
    def own(self) -> str:
        """The line's own id."""
        return f"L{self.number}"


@dataclass(frozen=True, slots=True)
class StepView:
    """A step as the page shows it; `first_destructive` opens the point of no return."""

    step: Step
    anchor: str
    manual: bool
    first_destructive: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class ProcedureView:
    """A procedure with its steps."""

    procedure: Procedure
    steps: tuple[StepView, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything on the plan page that comes from the text."""

    document: PlanDocument
    lines: tuple[SourceLine, ...]
    procedures: tuple[ProcedureView, ...]
    findings: tuple[ListedFinding, ...]
    unmapped: int

    @classmethod
    def of(cls, revision: Revision) -> Reading:
        """Read a revision. Raises plans.errors.UnreadablePlan."""
        document = document_cache.document(revision)
        procedures = tuple(_procedure(document, each) for each in document.procedures)
        lost = {n for first, last in document.unmapped for n in range(first, last + 1)}
        return cls(
            document=document,
            lines=tuple(_lines(document, procedures, lost)),
            procedures=procedures,
            findings=tuple(sorted(list_findings(revision), key=lambda one: _rank(one.finding))),
            unmapped=len(lost),
        )

    @property
    def dump(self) -> DumpConfig | None:
        """The dump that the console takes before the first destructive step, if any."""
        return read_plan_config(self.document).dump

    @property
    def errors(self) -> int:
        """How many findings block a request."""
        return sum(one.finding.severity is Severity.ERROR for one in self.findings)


def _rank(finding: Finding) -> tuple[int, int]:
    return _ORDER[finding.severity], finding.line


def _procedure(document: PlanDocument, procedure: Procedure) -> ProcedureView:
    dangerous = next((step.key for step in procedure.steps if step.destructive), None)
    return ProcedureView(
        procedure,
        tuple(
            StepView(
                step=step,
                anchor=f"step-{procedure.key}-{step.key}",
                manual=step.kind in {StepKind.MANUAL, StepKind.GATE},
                first_destructive=step.key == dangerous,
                findings=tuple(each for each in document.findings if each.step == step.key),
            )
            for step in procedure.steps
        ),
    )


def _lines(
    document: PlanDocument, procedures: tuple[ProcedureView, ...], lost: set[int]
) -> list[SourceLine]:
    anchors = {
        number: view.anchor
        for procedure in reversed(procedures)
        for view in procedure.steps
        for number in range(view.step.lines[0], view.step.lines[1] + 1)
    }
    return [
        SourceLine(number, text, number in lost and bool(text.strip()), anchors.get(number, ""))
        for number, text in enumerate(split_lines(document.source), start=1)
    ]
