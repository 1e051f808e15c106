"""The import report: a document as plain JSON values, in the shape other programs rely on.

Keys and shapes are a contract; `alternatives` holds, for each alternative, command objects
like those of `commands`. Times in `estimates` are minutes. `commands` of the whole holds every
command-like line once, and `confirmed` is false: what is read from a text is a proposal. A finding's
`key` stays while it says the same of the same text; nobody `acknowledged` what was only read.
"""

from __future__ import annotations

from typing import Any

from rollback_console.documents.model import (
    Command,
    Decision,
    Estimate,
    Finding,
    MessageTemplate,
    Note,
    PlacedCommand,
    Placeholder,
    PlanDocument,
    Procedure,
    ReadingQuestion,
    Relation,
    Step,
)

from .lint.finding_key import finding_key
from .shape import shape_of

Json = dict[str, Any]


def report(document: PlanDocument) -> Json:
    """The whole document as the import report; every value can go through `json.dumps`."""
    return {
        "title": document.title,
        "environment": document.environment,
        "procedures": [_procedure(one) for one in document.procedures],
        "triggers": _texts(document.triggers),
        "decision": _decision(document.decision),
        "checks": [check.text for check in document.checks],
        "actions": {when: _actions(document, when) for when in ("immediate", "follow_up")},
        "estimates": [_estimate(one) for one in document.estimates],
        "notify": _texts(document.notify),
        "messages": [_message(one) for one in document.messages],
        "prevention": [_labelled(note) for note in document.prevention],
        "placeholders": [_placeholder(one) for one in document.placeholders],
        "findings": [_finding(document, one) for one in document.findings],
        "unmapped": [list(lines) for lines in document.unmapped],
        "commands": [_placed(one) for one in document.commands],
        "relations": [_relation(one) for one in document.relations],
        "questions": [_question(one) for one in document.questions],
        "shape": shape_of(document),
        "confirmed": False,
    }


def _procedure(procedure: Procedure) -> Json:
    return {"name": procedure.name, "steps": [_step(step) for step in procedure.steps]}


def _step(step: Step) -> Json:
    return {
        "number": step.number,
        "title": step.title,
        "kind": step.kind.value,
        "commands": [_command(one) for one in step.commands],
        "alternatives": [[_command(c) for c in one.commands] for one in step.alternatives],
        "condition": step.condition or None,
        "destructive": step.destructive,
        "warnings": list(step.warnings),
    }


def _command(command: Command) -> Json:
    return {"text": command.text, "lines": list(command.lines)}


def _texts(notes: tuple[Note, ...]) -> list[str]:
    return [_labelled(note) for note in notes]


def _labelled(note: Note) -> str:
    return f"{note.label}: {note.text}" if note.label else note.text


def _decision(decision: Decision) -> Json:
    if decision == Decision():
        return {}
    return {
        "primary": ", ".join(decision.primary) or None,
        "escalate_to": list(decision.escalate_to),
        "notes": _texts(decision.notes),
    }


def _actions(document: PlanDocument, when: str) -> list[str]:
    return [action.text for action in document.actions if action.when == when]


def _estimate(estimate: Estimate) -> Json:
    return {
        "text": estimate.text,
        "kind": estimate.kind,
        "low": estimate.low,
        "high": estimate.high,
    }


def _message(message: MessageTemplate) -> Json:
    return {"name": message.name, "text": message.text, "slots": list(message.slots)}


def _placeholder(placeholder: Placeholder) -> Json:
    return {
        "text": placeholder.text,
        "kind": placeholder.kind.value,
        "line": placeholder.line,
    }


def _placed(placed: PlacedCommand) -> Json:
    return {
        "lines": list(placed.lines),
        "text": placed.text,
        "role": placed.role.value,
        "procedure": placed.procedure or None,
        "step": placed.step or None,
        "reason": placed.reason or None,
        "evidence": list(placed.evidence),
        "certainty": placed.certainty.value,
    }


def _relation(relation: Relation) -> Json:
    return {
        "kind": relation.kind.value,
        "members": list(relation.members),
        "lines": list(relation.lines),
        "evidence": list(relation.evidence),
    }


def _question(question: ReadingQuestion) -> Json:
    return {
        "key": question.key,
        "kind": question.kind,
        "text": question.text,
        "lines": list(question.lines),
        "members": list(question.members),
        "answers": [{"value": value, "label": label} for value, label in question.answers],
    }


def _finding(document: PlanDocument, finding: Finding) -> Json:
    return {
        "key": finding_key(document, finding),
        "severity": finding.severity.value,
        "code": finding.code,
        "line": finding.line,
        "message": finding.message,
        "acknowledged": None,
    }
