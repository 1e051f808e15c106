"""What stays the same of a plan that a generator writes anew for each deployment.

Two documents of one shape have the same ways, steps, order, conditions and commands; only the
values differ: those of the header (service, environment, date, ...), and what stands in the
place of a placeholder.
"""

from __future__ import annotations

import hashlib
import json
import re

from rollback_console.documents.model import Command, PlanDocument, Role, Step

from .placeholders.find import find_placeholders

_SHORTEST = 3
_RUNS = {Role.STEP, Role.PRECONDITION, Role.CHECK}


def shape_of(document: PlanDocument) -> str:
    """The shape as 64 hexadecimal digits."""
    values = _Values(document)
    parts = [
        [values.out(p.name), values.out(p.condition), [_step(step, values) for step in p.steps]]
        for p in document.procedures
    ]
    roles = [
        [one.role.value, one.reason if one.role not in _RUNS else "", values.out(one.text)]
        for one in document.commands
    ]
    relations = [[one.kind.value, len(one.members)] for one in document.relations]
    text = json.dumps([parts, roles, relations, _reads(document, values)], ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _reads(document: PlanDocument, values: _Values) -> list[str]:
    return [values.out(check.text) for check in (*document.preconditions, *document.checks)]


def _step(step: Step, values: _Values) -> list[object]:
    settings = [str(getattr(step.settings, name)) for name in type(step.settings).__slots__]
    return [
        values.out(step.title),
        step.kind.value,
        values.out(step.condition),
        _commands(step.commands, values),
        [
            [values.out(way.label), values.out(way.condition), _commands(way.commands, values)]
            for way in step.alternatives
        ],
        settings,
    ]


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
