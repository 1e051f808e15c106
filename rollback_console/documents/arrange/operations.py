"""What a person can change of an arrangement: pure functions, one a kind of change.

Each takes the document and texts (keys as `begin` gave them), and returns another document with
the same commands. `fresh` is the key of what it makes. All raise ArrangementError.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rollback_console.documents.errors import ArrangementError
from rollback_console.documents.model import (
    Action,
    Alternative,
    Check,
    Command,
    Note,
    PlanDocument,
    Procedure,
    Role,
    Step,
    StepKind,
    StepSettings,
)

from ..edit.fence_attributes import parse_info, settings_of
from ..placeholders.find import scanned
from .blocks import (
    change_procedure,
    change_step,
    find_procedure,
    find_step,
    new_step,
    put_block,
    take_block,
)

_ROLES = {role.value: role for role in Role}


def set_role(
    document: PlanDocument, block: str, role: str, fresh: str, reason: str = "", way: str = ""
) -> PlanDocument:
    """A step, check, precondition, action, message or left-out command becomes another of these."""
    if role not in _ROLES:
        raise ArrangementError(f"A block is one of {', '.join(_ROLES)}.")
    taken, rest = take_block(document, block)
    if not taken.commands and _ROLES[role] is Role.LEFT_OUT:
        if not reason.strip():
            raise ArrangementError("Say why this is left out.")
        return rest
    return put_block(rest, taken, _ROLES[role], fresh, reason, way)


def move_step(
    document: PlanDocument, step: str, to: str, before: str = "", way: str = ""
) -> PlanDocument:
    """A step of one way goes into the way `to`, before another step or to its end."""
    source = find_procedure(document, way or _way_of(document, step))
    target = find_procedure(document, to)
    moved = find_step(document, step)
    if target.key != source.key and any(one.key == step for one in target.steps):
        raise ArrangementError("That way has this step already.")
    if before == step:
        return document

    def place(one: Procedure) -> Procedure:
        left = [each for each in one.steps if each.key != step]
        at = next((n for n, each in enumerate(left) if each.key == before), len(left))
        return replace(one, steps=(*left[:at], replace(moved, number=0), *left[at:]))

    placed = change_procedure(document, target.key, place)
    if target.key == source.key:
        return placed
    return change_procedure(
        placed,
        source.key,
        lambda one: replace(one, steps=tuple(s for s in one.steps if s.key != step)),
    )


def split_step(document: PlanDocument, step: str, at: str, fresh: str) -> PlanDocument:
    """The commands from the `at`-th on (counted from 1) become a step of their own behind it, with
    the alternatives; one more than there are commands, the alternatives alone."""
    whole = find_step(document, step)
    count = int(at) if at.isdecimal() and len(at) < 6 else 0
    if not 1 < count <= len(whole.commands) + bool(whole.alternatives):
        raise ArrangementError("Say at which command the new step begins: the second or later.")
    first, second = whole.commands[: count - 1], whole.commands[count - 1 :]
    begins = [*second, *(one.commands[0] for one in whole.alternatives if one.commands)]
    head = replace(whole, commands=first, alternatives=())
    tail = replace(
        whole,
        number=0,
        key=fresh,
        title=(second[0].label if second else "") or f"{whole.title}, continued",
        commands=second,
        instructions=(),
        lines=(begins[0].lines[0] if begins else whole.lines[1], whole.lines[1]),
        settings=replace(whole.settings, id="", undo=""),
    )
    return _put_instead(document, whole, [head, tail])


def join_steps(document: PlanDocument, step: str, way: str = "") -> PlanDocument:
    """A step and the next of its way become one."""
    first, second = _pair(document, step, way)
    if first.alternatives:
        raise ArrangementError(
            "This step has several ways to do it, so nothing can be joined behind it. Say that its "
            "ways follow each other first, or move the other step before it and join there."
        )
    joined = replace(
        first,
        commands=(*first.commands, *second.commands),
        alternatives=second.alternatives,
        condition="; ".join(dict.fromkeys(filter(None, (first.condition, second.condition)))),
        warnings=tuple(dict.fromkeys((*first.warnings, *second.warnings))),
        instructions=(*first.instructions, *second.instructions),
        destructive=first.destructive or second.destructive,
        kind=_joined_kind(first, second),
        lines=(min(first.lines[0], second.lines[0]), max(first.lines[1], second.lines[1])),
    )
    return _put_instead(_without(document, second.key), first, [joined])


def make_choice(document: PlanDocument, step: str, way: str = "") -> PlanDocument:
    """These are ways: a step and the next one become alternatives of one step."""
    first, second = _pair(document, step, way)
    if second.alternatives or (first.alternatives and first.commands):
        raise ArrangementError("Only steps with plain commands become ways of one step.")
    ways = first.alternatives or (_as_way(first),)
    one = replace(
        first,
        commands=(),
        alternatives=(*ways, _as_way(second)),
        condition=first.condition if first.alternatives else "",
        destructive=first.destructive or second.destructive,
        kind=_joined_kind(first, second),
        warnings=tuple(dict.fromkeys((*first.warnings, *second.warnings))),
        instructions=(*first.instructions, *second.instructions),
        lines=(min(first.lines[0], second.lines[0]), max(first.lines[1], second.lines[1])),
    )
    return _put_instead(_without(document, second.key), first, [one])


def make_sequence(document: PlanDocument, step: str, fresh: str) -> PlanDocument:
    """These follow each other: the alternatives of a step become steps in a row."""
    whole = find_step(document, step)
    if not whole.alternatives:
        raise ArrangementError("This step has no alternatives.")
    rows = [replace(whole, alternatives=())] if whole.commands else []
    for at, one in enumerate(whole.alternatives):
        made = new_step(one.label or whole.title, one.commands, f"{fresh}-{at}", whole.lines)
        conditions = dict.fromkeys(filter(None, (whole.condition, one.condition)))
        made = replace(made, condition="; ".join(conditions), warnings=whole.warnings)
        rows.append(replace(made, key=whole.key) if not rows else made)
    return _put_instead(document, whole, rows)


def set_condition(document: PlanDocument, of: str, text: str = "") -> PlanDocument:
    """When a step, or a whole way, is taken; empty for always."""
    plain = " ".join(text.split())
    if any(one.key == of for one in document.procedures):
        return change_procedure(document, of, lambda one: replace(one, condition=plain))
    return change_step(document, of, lambda one: replace(one, condition=plain))


def set_title(document: PlanDocument, of: str, text: str) -> PlanDocument:
    """What a step, a way or (as `plan`) the whole is called."""
    plain = " ".join(text.split())
    if not plain:
        raise ArrangementError("Give it a name.")
    if of == "plan":
        return replace(document, title=plain)
    if any(one.key == of for one in document.procedures):
        return change_procedure(document, of, lambda one: replace(one, name=plain))
    return change_step(document, of, lambda one: replace(one, title=plain))


def set_warnings(document: PlanDocument, of: str, text: str = "") -> PlanDocument:
    """The warnings of a step or a way, one a line."""
    rows = tuple(filter(None, (" ".join(row.split()) for row in text.splitlines())))
    if any(one.key == of for one in document.procedures):
        return change_procedure(document, of, lambda one: replace(one, warnings=rows))
    return change_step(document, of, lambda one: replace(one, warnings=rows))


def edit_step(
    document: PlanDocument,
    step: str,
    title: str,
    kind: str,
    condition: str = "",
    warnings: str = "",
    settings: str = "",
) -> PlanDocument:
    """Everything that a step's own form holds, at once."""
    document = set_title(document, step, title)
    document = set_condition(document, step, condition)
    document = set_warnings(document, step, warnings)
    document = set_settings(document, step, settings)
    if find_step(document, step).kind.value == kind:
        return document
    return set_kind(document, step, kind)


def set_kind(document: PlanDocument, step: str, kind: str) -> PlanDocument:
    """Whether a step runs, only looks, is done by hand, or only waits for a person."""
    kinds = {each.value: each for each in StepKind}
    whole = find_step(document, step)
    if kind not in kinds:
        raise ArrangementError(f"A step is one of {', '.join(kinds)}.")
    if kinds[kind] in {StepKind.COMMAND, StepKind.VERIFY}:
        ways = [one.commands for one in whole.alternatives] or [()]
        texts = [(*whole.commands, *commands) for commands in ways]
        if not all(texts) or not all(new_step("", each, "", (1, 1)).runs for each in texts):
            raise ArrangementError("A step runs only where its commands are complete shell text.")
    return change_step(document, step, lambda one: replace(one, kind=kinds[kind]))


def set_settings(document: PlanDocument, step: str, text: str = "") -> PlanDocument:
    """The attributes of a step as on a fence: hosts=app cwd=/srv gate undo=start."""
    info = parse_info(f"bash {text}")
    words = {word.partition("=")[0] for word in text.split()}
    if info.problems:
        raise ArrangementError(info.problems[0])
    if '"' not in text and "'" not in text and (unknown := words - info.attributes.keys()):
        raise ArrangementError(f"{min(unknown)} is no attribute of a step.")
    destructive = "destructive" in info.attributes
    return change_step(
        document,
        step,
        lambda one: replace(
            one,
            settings=settings_of(info.attributes),
            destructive=destructive or one.destructive,
        ),
    )


def follow(document: PlanDocument, way: str) -> PlanDocument:
    """A way follows the one before it: both are one run, in that order."""
    keys = [one.key for one in document.procedures]
    if way not in keys[1:]:
        raise ArrangementError("There is no way before this one.")
    before, own = (document.procedures[keys.index(way) + at] for at in (-1, 0))
    added = [step for step in own.steps if all(one.key != step.key for one in before.steps)]
    if own.condition:
        added = [replace(step, condition=step.condition or own.condition) for step in added]
    steps = (*before.steps, *(replace(step, number=0) for step in added))
    joined = replace(before, steps=steps, warnings=(*before.warnings, *own.warnings))
    rest = tuple(one for one in document.procedures if one.key != way)
    return change_procedure(replace(document, procedures=rest), before.key, lambda _: joined)


def part(document: PlanDocument, step: str, name: str, fresh: str, way: str = "") -> PlanDocument:
    """From this step on it is another way to roll back, of this name."""
    source = find_procedure(document, way or _way_of(document, step))
    at = next((n for n, one in enumerate(source.steps) if one.key == step), 0)
    if at == 0 or not name.strip():
        raise ArrangementError("Name the new way, and begin it with the second step or a later.")
    own = replace(source, steps=source.steps[:at])
    other = replace(
        source, key=fresh, name=" ".join(name.split()), steps=source.steps[at:], condition="",
        derived=False, line=source.steps[at].lines[0], warnings=(),
    )  # fmt: skip
    ways = [
        each for one in document.procedures for each in ([own, other] if one is source else [one])
    ]
    return replace(document, procedures=tuple(ways))


def add_step(
    document: PlanDocument,
    title: str,
    fresh: str,
    commands: str = "",
    way: str = "",
    after: str = "",
    name: str = "",
) -> PlanDocument:
    """A step written by hand: behind `after`, at the end of a way, or as a new way of a `name`."""
    if not title.strip():
        raise ArrangementError("Give the step a title.")
    step = new_step(" ".join(title.split()), _typed(commands), fresh, (0, 0))
    if name.strip() or not document.procedures:
        made = Procedure(
            f"{fresh}w", " ".join(name.split()) or "Rollback", (replace(step, number=1),), 0
        )
        return replace(document, procedures=(*document.procedures, made))
    if not after:
        return change_procedure(document, way, lambda one: replace(one, steps=(*one.steps, step)))

    def insert(one: Procedure) -> Procedure:
        at = next((n for n, each in enumerate(one.steps, 1) if each.key == after), len(one.steps))
        return replace(one, steps=(*one.steps[:at], step, *one.steps[at:]))

    return change_procedure(document, way or _way_of(document, after), insert)


def add_item(document: PlanDocument, kind: str, text: str, fresh: str) -> PlanDocument:
    """A trigger, precondition, check or action in words."""
    plain = " ".join(text.split())
    if not plain:
        raise ArrangementError("Write what it says.")
    if kind == "trigger":
        return replace(document, triggers=(*document.triggers, Note(plain, 0)))
    if kind in {"precondition", "check"}:
        name = f"{kind}s"
        item = Check(fresh, plain, 0)
        more: dict[str, Any] = {name: (*getattr(document, name), item)}
        return replace(document, **more)
    if kind in {"immediate", "follow_up"}:
        action = Action(fresh, plain, 0, kind)
        return replace(document, actions=(*document.actions, action))
    raise ArrangementError("An item is a trigger, precondition, check or action.")


def answer(document: PlanDocument, question: str, value: str, fresh: str) -> PlanDocument:
    """What a person says to a question of the reading."""
    open_question = next((one for one in document.questions if one.key == question), None)
    if open_question is None or value not in dict(open_question.answers):
        raise ArrangementError("This question was answered already.")
    rest = tuple(one for one in document.questions if one is not open_question)
    document = replace(document, questions=rest)
    if open_question.kind == "role":
        for at, member in enumerate(open_question.members):
            if value != Role.STEP.value:
                reason = "a person said it is no part of the rollback"
                document = set_role(document, member, value, f"{fresh}-{at}", reason)
        return document
    if value == "order":
        for member in open_question.members[1:]:
            document = follow(document, member)
    return document


def _way_of(document: PlanDocument, step: str) -> str:
    for one in document.procedures:
        if any(each.key == step for each in one.steps):
            return one.key
    raise ArrangementError("This step is not there any more. Look at the page as it is now.")


def _pair(document: PlanDocument, step: str, way: str) -> tuple[Step, Step]:
    """The step and the next of its way; every way that has one must have both in a row."""
    find_procedure(document, way or _way_of(document, step))
    pairs = []
    for one in document.procedures:
        keys = [each.key for each in one.steps]
        if step in keys and keys.index(step) + 1 < len(keys):
            pairs.append(one.steps[keys.index(step) : keys.index(step) + 2])
    if not pairs:
        raise ArrangementError("There is no step behind this one.")
    first, second = pairs[0]
    for one in document.procedures:
        keys = [each.key for each in one.steps]
        if (step in keys) != (second.key in keys) or (
            step in keys and keys.index(second.key) != keys.index(step) + 1
        ):
            raise ArrangementError(
                "Another way has only one of these two steps. Change that way first."
            )
    return first, second


def _without(document: PlanDocument, key: str) -> PlanDocument:
    procedures = tuple(
        replace(one, steps=tuple(step for step in one.steps if step.key != key))
        for one in document.procedures
    )
    return replace(document, procedures=procedures)


def _put_instead(document: PlanDocument, whole: Step, rows: list[Step]) -> PlanDocument:
    """These in the place of a step, in every way that has it."""
    for one in document.procedures:
        if any(step.key == whole.key for step in one.steps):

            def change(own: Procedure) -> Procedure:
                steps = [n for s in own.steps for n in (rows if s.key == whole.key else [s])]
                return replace(own, steps=tuple(steps))

            document = change_procedure(document, one.key, change)
    return document


def _as_way(step: Step) -> Alternative:
    own = step.settings
    place = StepSettings(hosts=own.hosts, cwd=own.cwd, user=own.user)
    return Alternative(step.title, step.commands, step.condition, settings=place)


def _joined_kind(first: Step, second: Step) -> StepKind:
    if first.runs and second.runs:
        return first.kind if first.kind is second.kind else StepKind.COMMAND
    return StepKind.MANUAL


def _typed(text: str) -> tuple[Command, ...]:
    """What a person typed, as commands."""
    rows = text.replace("\r\n", "\n").strip("\n")
    if not rows.strip():
        return ()
    scan = scanned(f"{rows}\n")
    if not scan.complete:
        raise ArrangementError("A command is not complete: close its quote or here-document.")
    starts = [0, *(end + 1 for end in scan.ends)]
    units = [rows[a:b].strip("\n") for a, b in zip(starts, scan.ends, strict=False)]
    return tuple(
        Command(unit, (0, 0)) for unit in units if unit.strip() and unit.lstrip()[0] != "#"
    )
