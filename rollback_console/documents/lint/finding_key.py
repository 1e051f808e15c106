"""When a finding is the same one as before: the same said of the same text."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict

from rollback_console.documents.model import Alternative, Finding, PlanDocument, Step

from ..markdown.source import split_lines

# What is said of the whole plan: its message says all, and the line is only where it is shown.
_OF_THE_WHOLE = frozenset({"no-triggers", "no-checks", "no-decision-maker", "ladder-to-confirm"})
_NOT_UNDERSTOOD = "not-understood"


def finding_key(document: PlanDocument, finding: Finding) -> str:
    """64 hexadecimal digits that stay while the finding says the same of the same text.

    Line numbers and the place of a step do not count; every word that a step runs, asks for or is
    set to does, at each place that the finding joins.
    """
    places = finding.places or (finding,)
    parts = [[one.severity, one.code, *_concerned(document, one)] for one in places]
    text = json.dumps(parts, ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _concerned(document: PlanDocument, finding: Finding) -> list[object]:
    if finding.code == _NOT_UNDERSTOOD:
        return list(_unmapped(document))
    if finding.code in _OF_THE_WHOLE:
        return [finding.message]
    step = _step_of(document, finding.step)
    if step is not None:
        return [finding.message, *_step_text(step)]
    rows = split_lines(document.source)
    return [finding.message, *rows[finding.line - 1 : finding.line]]


def _unmapped(document: PlanDocument) -> list[str]:
    rows = split_lines(document.source)
    texts = [row.strip() for first, last in document.unmapped for row in rows[first - 1 : last]]
    return [text for text in texts if text]


def _step_of(document: PlanDocument, key: str) -> Step | None:
    steps = (step for procedure in document.procedures for step in procedure.steps)
    return next((step for step in steps if key and step.key == key), None)


def _step_text(step: Step) -> list[object]:
    """Everything of a step that runs, that a person does, or that says when and how."""
    return [
        step.kind,
        step.condition,
        step.destructive,
        step.instructions,
        step.warnings,
        [command.text for command in step.commands],
        [_way_text(way) for way in step.alternatives],
        asdict(step.settings) | {"id": ""},
    ]


def _way_text(way: Alternative) -> list[object]:
    texts = [command.text for command in way.commands]
    return [way.label, way.condition, way.preferred, way.fallback, texts, asdict(way.settings)]
