"""What stays the same of a plan that a generator writes anew for each deployment.

Two documents of one shape have the same ways, steps, order, conditions, warnings, instructions,
settings and commands, those of the head too; only the values differ: those of the header (service,
environment, date, ...), and what stands in the place of a placeholder.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict

from rollback_console.documents.model import Alternative, Command, PlanDocument, Role, Step

from .placeholders.find import find_placeholders
from .plan_config import read_plan_config

_SHORTEST = 3
_RUNS = {Role.STEP, Role.PRECONDITION, Role.CHECK}


def shape_of(document: PlanDocument) -> str:
    """The shape as 64 hexadecimal digits."""
    values = _Values(document)
    parts = [
        [
            values.out(p.name),
            values.out(p.condition),
            _texts(p.warnings, values),
            [_step(step, values) for step in p.steps],
        ]
        for p in document.procedures
    ]
    roles = [
        [one.role.value, one.reason if one.role not in _RUNS else "", values.out(one.text)]
        for one in document.commands
    ]
    relations = [[one.kind.value, len(one.members)] for one in document.relations]
    head = asdict(read_plan_config(document))
    whole = [parts, roles, relations, _reads(document, values), head]
    text = json.dumps(whole, ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _reads(document: PlanDocument, values: _Values) -> list[str]:
    return [values.out(check.text) for check in (*document.preconditions, *document.checks)]


def _step(step: Step, values: _Values) -> list[object]:
    """Everything of a step that runs, that a person does, or that tells who reads it what it does;
    not how long it takes, nor where it stands."""
    return [
        values.out(step.title),
        step.kind.value,
        values.out(step.condition),
        step.destructive,
        _texts(step.warnings, values),
        _texts(step.instructions, values),
        values.out(step.expected),
        _commands(step.commands, values),
        [_way(way, values) for way in step.alternatives],
        asdict(step.settings),
    ]


def _way(way: Alternative, values: _Values) -> list[object]:
    return [
        values.out(way.label),
        values.out(way.condition),
        way.preferred,
        way.fallback,
        _commands(way.commands, values),
        asdict(way.settings),
    ]


def _texts(texts: tuple[str, ...], values: _Values) -> list[str]:
    return [values.out(text) for text in texts]


def _commands(commands: tuple[Command, ...], values: _Values) -> list[str]:
    return [values.out(command.text) for command in commands]


class _Values:
    """The values of one document's header, to be taken out of its texts."""

    def __init__(self, document: PlanDocument) -> None:
        named = {*document.fields.values(), document.title, document.service}
        named |= {document.environment, document.date, document.lead}
        kept = sorted({one.strip() for one in named if len(one.strip()) >= _SHORTEST}, key=len)
        self._pattern = re.compile(
            "|".join(re.escape(value) for value in reversed(kept)) or r"(?!)", re.IGNORECASE
        )

    def out(self, text: str) -> str:
        """The text with a mark in the place of each value and each placeholder."""
        pieces: list[str] = []
        at = 0
        for span in find_placeholders(text):
            pieces += [text[at : span.start], "\0"]
            at = span.end
        return self._pattern.sub("\1", "".join([*pieces, text[at:]]))
