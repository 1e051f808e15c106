"""What a person should know before a plan runs, as findings with stable codes.

Rules about one command are in `dangers`, about steps together in `lint_order`, about doubts
the reader had in `doubts`; here are those about the document as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from rollback_console.documents.model import Finding, PlanDocument, Severity

from ..markdown.folded_text import fold
from ..markdown.source import split_lines
from ..parse.header_fields import Field
from ..parse.step_builder import Doubt
from ..plan_config import read_plan_config
from .commands import command_findings
from .reader_doubts import doubt_findings
from .step_order import order_findings
from .undo_steps import undo_findings

Doubts = Mapping[str, list[Doubt]]
_SAFE = re.compile(r"safe|seguro|\bsur\b|sicher|安全|امن")
_ADDITIVE = re.compile(
    r"additive|add(?:ing|ed)? (?:a )?(?:column|table|field)|aditiv|additiv|新增|增加|اضافه"
)
_FEW = 200


def findings_of(
    document: PlanDocument, doubts: Doubts, fields: Sequence[Field]
) -> tuple[Finding, ...]:
    """All findings in source order, errors first on the same line."""
    rows = split_lines(document.source)
    findings = [
        *_head(document),
        *_unread(document),
        *_fields(fields),
        *_parts(document),
        *_data(document),
        *_decision(document),
        *doubt_findings(document, doubts, rows),
        *command_findings(document, rows),
        *order_findings(document, rows),
        *_undos(document),
        *_unknown(document, rows),
    ]
    order = list(Severity)
    return tuple(sorted(findings, key=lambda one: (one.line, order.index(one.severity), one.code)))


def _undos(document: PlanDocument) -> Iterator[Finding]:
    for procedure in document.procedures:
        if not procedure.derived:
            yield from undo_findings(procedure.steps)


def _head(document: PlanDocument) -> Iterator[Finding]:
    if document.front_matter.error:
        yield Finding(
            Severity.ERROR,
            "front-matter",
            1,
            f"The front matter cannot be read: {document.front_matter.error}.",
        )
    for problem in read_plan_config(document).problems:
        yield Finding(Severity.ERROR, "front-matter", 1, problem)


def _unread(document: PlanDocument) -> Iterator[Finding]:
    if document.unread:
        yield Finding(
            Severity.ERROR,
            "not-read-to-the-end",
            document.unread,
            "The plan is longer than 4,000 lines. What begins here was not read, so no step of"
            " this plan runs. Import only the part that is the rollback plan.",
        )


def _fields(fields: Sequence[Field]) -> Iterator[Finding]:
    for header_field in fields:
        if header_field.key in {
            "lead",
            "environment",
            "service",
            "date",
        } and not header_field.value.strip("_ ."):
            yield Finding(
                Severity.WARNING,
                "field-empty",
                header_field.line,
                f"{header_field.label} is not filled in.",
            )


def _parts(document: PlanDocument) -> Iterator[Finding]:
    rules = (
        ("no-steps", Severity.ERROR, document.procedures,
         "No steps were found. Put them under a heading like “Rollback Steps”, commands in a"
         " ```bash fence."),
        ("no-triggers", Severity.NOTE, document.triggers,
         "The plan does not say when to roll back."),
        ("no-checks", Severity.WARNING, document.checks,
         "The plan has no checks, so nobody can say whether the rollback worked."),
        ("no-decision-maker", Severity.NOTE, document.decision.primary,
         "The plan does not say who decides."),
    )  # fmt: skip
    for code, severity, value, message in rules:
        if not value:
            yield Finding(severity, code, 1, message)


def _data(document: PlanDocument) -> Iterator[Finding]:
    for note in document.data.classes:
        if _SAFE.search(fold(note.label)) and _ADDITIVE.search(fold(note.text)):
            yield Finding(
                Severity.WARNING,
                "additive-is-not-safe",
                note.line,
                "Reversing an additive migration drops the added column or table with everything"
                " written to it since. It is safe for the schema, not for the data.",
            )


def _decision(document: PlanDocument) -> Iterator[Finding]:
    ladder = document.decision.escalate_to
    if len(ladder) > 1:
        line = _line_of(document, ladder[0])
        yield Finding(
            Severity.NOTE,
            "ladder-to-confirm",
            line,
            f"Escalation is read as an order: {', then '.join(ladder)}. Confirm it.",
        )


def _line_of(document: PlanDocument, text: str) -> int:
    for number, row in enumerate(split_lines(document.source), 1):
        if text in row:
            return number
    return 1


def _unknown(document: PlanDocument, rows: Sequence[str]) -> Iterator[Finding]:
    end = document.unread or len(rows) + 1
    for first, last in [span for span in document.unmapped[:_FEW] if span[0] < end]:
        where = (
            f"Line {first} is kept as it is"
            if first == last
            else (f"Lines {first} to {last} are kept as they are")
        )
        start = rows[first - 1].strip()[:60]
        yield Finding(
            Severity.NOTE,
            "not-understood",
            first,
            f"{where}, and nothing is done about it: {start}",
        )
