"""Taking a block out of an arrangement, whatever it is, and putting it in as something else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from rollback_console.documents.errors import ArrangementError
from rollback_console.documents.model import (
    Action,
    Certainty,
    Check,
    Command,
    Lines,
    PlacedCommand,
    PlanDocument,
    Procedure,
    Role,
    Step,
    StepKind,
)

from ..canonical.commands import SHELLS
from ..parse.messages import message
from ..placeholders.collect import commands_of
from ..placeholders.find import scanned
from ..shell.command_patterns import destroys
from .begin import distinct_steps, list_items


@dataclass(frozen=True, slots=True)
class ArrangedBlock:
    """Commands that move together, and what they are called."""

    title: str
    commands: tuple[Command, ...]
    lines: Lines


def find_step(document: PlanDocument, key: str) -> Step:
    """The step of that key. Raises ArrangementError."""
    for step in distinct_steps(document.procedures):
        if step.key == key:
            return step
    raise ArrangementError("This step is not there any more. Look at the page as it is now.")


def find_procedure(document: PlanDocument, key: str) -> Procedure:
    """The way of that key; the first where none is named. Raises ArrangementError."""
    for one in document.procedures:
        if key in {"", one.key}:
            return one
    raise ArrangementError("This way is not there any more. Look at the page as it is now.")


def change_step(document: PlanDocument, key: str, change: Callable[[Step], Step]) -> PlanDocument:
    """The document with that step changed, in every way that holds it."""
    find_step(document, key)
    return _with_procedures(
        document,
        lambda one: replace(
            one, steps=tuple(change(step) if step.key == key else step for step in one.steps)
        ),
    )


def change_procedure(
    document: PlanDocument, key: str, change: Callable[[Procedure], Procedure]
) -> PlanDocument:
    """The document with that way changed; its steps count up afterwards."""
    chosen = find_procedure(document, key).key
    return _with_procedures(document, lambda one: change(one) if one.key == chosen else one)


def _with_procedures(
    document: PlanDocument, change: Callable[[Procedure], Procedure]
) -> PlanDocument:
    changed = (change(one) for one in document.procedures)
    return replace(document, procedures=tuple(_counted(one) for one in changed if one.steps))


def _counted(procedure: Procedure) -> Procedure:
    """The author's numbers as long as they count up, else 1, 2, 3."""
    numbers = [step.number for step in procedure.steps]
    if 0 not in numbers and all(a < b for a, b in pairwise(numbers)):
        return procedure
    steps = (replace(step, number=at) for at, step in enumerate(procedure.steps, start=1))
    return replace(procedure, steps=tuple(steps))


def take_block(document: PlanDocument, key: str) -> tuple[ArrangedBlock, PlanDocument]:
    """The block of that key, and the document without it. Raises ArrangementError."""
    for item in list_items(document):
        if item.key == key:
            return ArrangedBlock(item.text, item.commands, (item.line, item.line)), _without(
                document, key
            )
    for one in document.commands:
        if one.step == key:
            title = " ".join(one.text.split())[:60]
            block = ArrangedBlock(title, (Command(one.text, one.lines),), one.lines)
            return block, _without(document, key)
    step = find_step(document, key)
    return ArrangedBlock(step.title, tuple(commands_of(step)), step.lines), _without(document, key)


def _without(document: PlanDocument, key: str) -> PlanDocument:
    left = replace(
        document,
        preconditions=tuple(one for one in document.preconditions if one.key != key),
        checks=tuple(one for one in document.checks if one.key != key),
        actions=tuple(one for one in document.actions if one.key != key),
        commands=tuple(one for one in document.commands if one.step != key),
    )
    return _with_procedures(
        left, lambda one: replace(one, steps=tuple(s for s in one.steps if s.key != key))
    )


def put_block(
    document: PlanDocument,
    block: ArrangedBlock,
    role: Role,
    key: str,
    reason: str = "",
    way: str = "",
) -> PlanDocument:
    """The document with that block in this role; a step goes where its lines stand in `way`."""
    if role is Role.STEP:
        return insert_by_lines(
            document, new_step(block.title, block.commands, key, block.lines), way
        )
    if role in {Role.PRECONDITION, Role.CHECK}:
        name = "checks" if role is Role.CHECK else "preconditions"
        item = Check(key, block.title, block.lines[0], "", block.commands)
        more: dict[str, Any] = {name: (*getattr(document, name), item)}
        return replace(document, **more)
    if role is Role.ACTION:
        action = Action(key, block.title, block.lines[0], "immediate", block.commands)
        return replace(document, actions=(*document.actions, action))
    if role is Role.MESSAGE:
        text = "\n".join(one.text for one in block.commands) or block.title
        sent = message(block.title, text, block.lines[0])
        return replace(document, messages=(*document.messages, sent))
    if not reason.strip():
        raise ArrangementError("Say why this is left out.")
    out = [
        PlacedCommand(
            one.text, one.lines, Role.LEFT_OUT, step=f"{key}{at or ''}", reason=reason.strip(),
            certainty=Certainty.SURE,
        )
        for at, one in enumerate(block.commands)
    ]  # fmt: skip
    return replace(
        document, commands=tuple(sorted((*document.commands, *out), key=lambda one: one.lines))
    )


def new_step(title: str, commands: tuple[Command, ...], key: str, lines: Lines) -> Step:
    """A step that runs its commands, or is done by hand where no shell could run them."""
    runs = bool(commands) and all(_runs(one) for one in commands)
    destructive = any(destroys(one.text) for one in commands)
    kind = StepKind.COMMAND if runs else StepKind.MANUAL
    title = title.strip() or "Step"
    return Step(0, key, title, kind, lines, commands, destructive=destructive)


def _runs(command: Command) -> bool:
    shell = command.language.casefold() in SHELLS
    return shell and scanned(f"{command.text}\n").ends == (len(command.text),)


def insert_by_lines(document: PlanDocument, step: Step, way: str) -> PlanDocument:
    """The step among those of a way, where its source lines belong."""
    if not document.procedures:
        made = Procedure("p1", "Rollback", (replace(step, number=1),), step.lines[0])
        return replace(document, procedures=(made,))

    def insert(one: Procedure) -> Procedure:
        before = [each for each in one.steps if each.lines[0] <= step.lines[0]]
        at = one.steps.index(before[-1]) + 1 if before else 0
        return replace(one, steps=(*one.steps[:at], step, *one.steps[at:]))

    return change_procedure(document, way, insert)
