"""What a person should know before a plan runs, as findings with stable codes.

Rules about one command are in `dangers`, about steps together in `lint_order`, about doubts
the reader had in `doubts`; here are those about the document as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

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


def findings_of(
    document: PlanDocument, doubts: Doubts, fields: Sequence[Field]
) -> tuple[Finding, ...]:
    """All findings, one a cause, the most dangerous first and then in source order."""
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
    findings.sort(key=lambda one: (order.index(one.severity), one.line, one.code))
    return tuple(_one_a_cause(findings))


_NAMED = re.compile(r"(\w+) (?=is set nowhere)")


def _one_a_cause(findings: Sequence[Finding]) -> Iterator[Finding]:
    """The same said of several places is said once, at the first, with the other lines."""
    causes: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        apart = str(finding.line) if finding.code in _EACH else ""
        key = (finding.code + apart, _NAMED.sub("", finding.message))
        causes.setdefault(key, []).append(finding)
    for same in causes.values():
        yield _joined(same) if len(same) > 1 else same[0]


_EACH = {"hidden-character"}
_LISTED = 12


def _joined(same: Sequence[Finding]) -> Finding:
    first = replace(same[0], places=tuple(same))
    names = dict.fromkeys(m[1] for one in same if (m := _NAMED.match(one.message)))
    message = first.message
    if len(names) > 1:
        message = _NAMED.sub("", message).replace("is set nowhere", "are set nowhere", 1)
        message = f"{', '.join(names)} {message}"
    lines = list(dict.fromkeys(str(one.line) for one in same if one.line != first.line))
    if not lines:
        return replace(first, message=message)
    more = f" and {len(lines) - _LISTED} more" if len(lines) > _LISTED else ""
    where = f"{'line' if len(lines) == 1 else 'lines'} {', '.join(lines[:_LISTED])}{more}"
    return replace(first, message=f"{message} Also on {where}.")


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
        ("no-checks", Severity.WARNING, document.checks or read_plan_config(document).checks,
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
    """What became nothing, as one finding: passages with only blank lines between are one."""
    end = document.unread or len(rows) + 1
    passages: list[tuple[int, int]] = []
    for first, last in (span for span in document.unmapped if span[0] < end):
        if passages and not any(row.strip() for row in rows[passages[-1][1] : first - 1]):
            passages[-1] = (passages[-1][0], last)
        else:
            passages.append((first, last))
    if passages:
        named = "; ".join(_passage(first, last, rows) for first, last in passages[:_LISTED])
        more = f"; and {len(passages) - _LISTED} more" if len(passages) > _LISTED else ""
        yield Finding(
            Severity.NOTE,
            "not-understood",
            passages[0][0],
            f"Kept as it is, and nothing is done about it: {named}{more}.",
        )


def _passage(first: int, last: int, rows: Sequence[str]) -> str:
    where = f"line {first}" if first == last else f"lines {first} to {last}"
    return f"{where} ({rows[first - 1].strip()[:50]})"
