"""A proposal as it is arranged: every part named by its place, every command in one place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from rollback_console.documents.model import (
    Action,
    Certainty,
    Check,
    PlacedCommand,
    PlanDocument,
    Procedure,
    ReadingQuestion,
    Role,
    Step,
)

from ..placeholders.collect import commands_of


def begin(document: PlanDocument) -> PlanDocument:
    """The proposal with keys p1, s1, c1 (checks), r1 (preconditions), a1 (actions); what is left
    out is x1 and so on, in `commands`, which holds nothing else."""
    steps: dict[str, Step] = {}
    for procedure in document.procedures:
        for step in procedure.steps:
            steps.setdefault(step.key, replace(step, key=f"s{len(steps) + 1}"))
    procedures = [
        replace(one, key=f"p{at}", steps=tuple(steps[step.key] for step in one.steps))
        for at, one in enumerate(document.procedures, start=1)
    ]
    # A way of one step often has the name of that step, and so its key.
    of_steps = {key: step.key for key, step in steps.items()}
    of_ways = {old.key: new.key for old, new in zip(document.procedures, procedures, strict=True)}
    return replace(
        document,
        procedures=tuple(procedures),
        preconditions=_keyed("r", document.preconditions),
        checks=_keyed("c", document.checks),
        actions=_keyed("a", document.actions),
        commands=tuple(_left_out(document)),
        questions=tuple(
            _renamed(one, of_steps if one.kind == "role" else of_ways) for one in document.questions
        ),
        relations=(),
        findings=(),
    )


def list_commands(document: PlanDocument) -> Iterator[str]:
    """The text of every command of an arranged document, each as often as it stands there."""
    for step in distinct_steps(document.procedures):
        yield from (command.text for command in commands_of(step))
    for item in list_items(document):
        yield from (command.text for command in item.commands)
    yield from (one.text for one in document.commands)


def list_items(document: PlanDocument) -> list[Check | Action]:
    """Preconditions, checks and actions."""
    return [*document.preconditions, *document.checks, *document.actions]


def distinct_steps(procedures: tuple[Procedure, ...]) -> list[Step]:
    """Each step once, however many procedures share it."""
    return list({step.key: step for one in procedures for step in one.steps}.values())


_Item = TypeVar("_Item", Check, Action)


def _keyed(letter: str, items: tuple[_Item, ...]) -> tuple[_Item, ...]:
    return tuple(replace(one, key=f"{letter}{at}") for at, one in enumerate(items, start=1))


def _left_out(document: PlanDocument) -> Iterator[PlacedCommand]:
    """What no step, check or action holds; what nobody placed is left out too, and says so."""
    shown = {c.lines for step in distinct_steps(document.procedures) for c in commands_of(step)}
    items = list_items(document)
    shown |= {command.lines for item in items for command in item.commands}
    read = {item.line for item in items}  # inline code is part of the item's words
    number = 0
    for one in document.commands:
        if one.lines in shown or (one.role is not Role.LEFT_OUT and one.lines[0] in read):
            continue
        number += 1
        reason = one.reason or f"read as {one.role.value}, but part of no {one.role.value}"
        yield PlacedCommand(
            one.text, one.lines, Role.LEFT_OUT, step=f"x{number}", reason=reason,
            evidence=one.evidence, certainty=Certainty.SURE,
        )  # fmt: skip


def _renamed(question: ReadingQuestion, names: dict[str, str]) -> ReadingQuestion:
    return replace(question, members=tuple(names.get(each, each) for each in question.members))
