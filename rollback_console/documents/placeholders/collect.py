"""All placeholders of a document as parameters: one per name, with every place it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from rollback_console.documents.model import Command, Placeholder, PlanDocument, Step

from ..parse.header_fields import Field
from ..shell.command_patterns import SQLS
from .find import find_mentions, find_placeholders, find_uses, line_around
from .kinds import kind_of, name_from_label, name_of

# A command whose placeholder is beyond these cannot be filled in, so it is refused, not run.
MOST = 3_000
# Letters of one text that are searched; a person who reads that much has stopped filling in.
_TEXT = 16 * 1024


# What a step needs gives a parameter its name; what only mentions it comes after.
_RANKS = {"command": 0, "text": 1}


def placeholders_of(document: PlanDocument, fields: Sequence[Field]) -> tuple[Placeholder, ...]:
    """In order of first place. The same unit is one parameter; two units never share a name."""
    named: dict[str, Placeholder] = {}
    lines: dict[str, set[int]] = {}
    by_unit: dict[tuple[str, str], str] = {}
    placeholders = list(islice(_all(document, fields), MOST))
    for one in sorted(placeholders, key=lambda each: (_rank(each), each.line)):
        scope = one.where if _rank(one) > 1 else ""
        known_name = by_unit.get((scope, one.unit)) or by_unit.get(("", one.unit))
        name = known_name or _free(one.name, named)
        by_unit[scope, one.unit] = name
        named.setdefault(name, replace(one, name=name))
        lines.setdefault(name, set()).add(one.line)
    placed = (
        replace(each, line=min(lines[name]), lines=tuple(sorted(lines[name])))
        for name, each in named.items()
    )
    return tuple(sorted(placed, key=lambda each: each.line))


def _rank(placeholder: Placeholder) -> int:
    return _RANKS.get(placeholder.where, 2)


def _free(name: str, named: dict[str, Placeholder]) -> str:
    number = 2
    free = name
    while free in named:
        free = f"{name}_{number}"
        number += 1
    return free


def _all(document: PlanDocument, fields: Sequence[Field]) -> Iterator[Placeholder]:
    for header_field in fields:
        yield from _in_field(header_field)
    for procedure in document.procedures:
        if not procedure.derived:
            for step in procedure.steps:
                yield from _in_step(step)
    for message in document.messages:
        yield from _in_text(message.text, message.line, "message")


def _in_instructions(step: Step) -> Iterator[Placeholder]:
    """What a person has to know to do a step by hand."""
    sent = {text for text in step.instructions if "\n" in text}
    for text in dict.fromkeys((step.title, *step.instructions)):
        if text not in sent:
            for use in find_mentions(text[:_TEXT]):
                line = step.lines[0]
                yield Placeholder(use.text, use.kind, line, use.name, use.unit, "text", step.key)


def _in_field(header_field: Field) -> Iterator[Placeholder]:
    for one in find_placeholders(header_field.value):
        kind = kind_of(one.text, one.text, (f"{header_field.label}: ", ""), one.moment)
        blank = not one.text.strip("_")
        name = name_from_label(header_field.label) if blank else name_of(one.text, one.text, kind)
        yield Placeholder(one.text, kind, header_field.line, name or "VALUE", one.text, "field")


def _in_step(step: Step) -> Iterator[Placeholder]:
    if not step.runs:
        yield from _in_instructions(step)
    for command in commands_of(step):
        for use in find_uses(command.text):
            if command.language in SQLS and use.text.startswith("["):
                continue  # a name in brackets is quoted there, not asked for
            line = command.lines[0] + use.line
            yield Placeholder(use.text, use.kind, line, use.name, use.unit, "command", step.key)


def commands_of(step: Step) -> Iterator[Command]:
    """The shared commands, then those of every alternative."""
    yield from step.commands
    for alternative in step.alternatives:
        yield from alternative.commands


def _in_text(text: str, line: int, where: str) -> Iterator[Placeholder]:
    for at, row in enumerate(text[:_TEXT].split("\n")):
        for one in find_placeholders(row):
            kind = kind_of(one.text, one.text, line_around(row, one.start, one.end), one.moment)
            name = name_of(one.text, one.text, kind)
            yield Placeholder(one.text, kind, line + at, name, one.text, where)
