"""Groups of commands made into what always runs and what is a choice.

"Or ..." makes an alternative of the commands above it that begin the same way; "Option A",
"Docker: / Kubernetes:" name alternatives outright; "If needed ..." between other commands
makes a choice between doing and leaving. What stands behind a choice belongs to each of its
ways, and a person is told so. Two ways are never both run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from rollback_console.documents.model import Alternative, Command

from ...markdown.folded_text import fold
from ...shell.command_patterns import destroys, going_back_act, only_looks, signature
from ...vocabulary.remarks import (
    condition_of,
    is_exclusive,
    is_fallback,
    is_or,
    is_preferred,
    option_label,
    platform,
)
from ...vocabulary.section_names import speaks_of_going_back
from .fences import CommandGroup, Remark

MOST = 8
LEAVE_OUT = "Leave this out"


@dataclass(slots=True)
class WayDraft:
    label: str
    commands: list[Command] = field(default_factory=list)
    condition: str = ""
    preferred: bool = False
    fallback: bool = False


@dataclass(slots=True)
class StepPart:
    """Commands that always run, or (with `ways`) a choice."""

    commands: list[Command] = field(default_factory=list)
    ways: list[WayDraft] = field(default_factory=list)
    named: bool = False
    guessed: int = 0


@dataclass(frozen=True, slots=True)
class StepChoices:
    """The whole: `commands` first, then one of `alternatives`. `tail` is the line of the
    first command that was put behind every way; `too_many` says nobody could choose;
    `guessed` is the line of a way that no word announced."""

    commands: tuple[Command, ...]
    alternatives: tuple[Alternative, ...]
    tail: int = 0
    too_many: bool = False
    guessed: int = 0


def choose(groups: Sequence[CommandGroup]) -> StepChoices:
    """Decide what is shared and what is a choice."""
    filled = [group for group in _with_orphans(groups) if group.commands]
    named = _named(filled)
    if _one_script(filled):
        return _each_alone(filled)
    parts: list[StepPart] = []
    for at, group in enumerate(filled):
        _take(parts, group, named, alone=len(filled) == 1, last=at == len(filled) - 1)
    guessed = next((part.guessed for part in parts if part.guessed), 0)
    return replace(_joined(parts), guessed=guessed)


_SCRIPT = re.compile(
    r"(?:sudo )?(?:(?:(?:ba|z)?sh|node|python3?|php|ruby|perl) )?(\S*(?:/|\.sh\b|\.py\b)\S*)(?:\s|$)"
)


def _one_script(groups: Sequence[CommandGroup]) -> bool:
    """The same script called several times, each time under a remark of its own: a list of its
    uses, of which one is meant."""
    if len(groups) < 2 or any(len(g.commands) != 1 or not g.remarks for g in groups):
        return False
    calls = [_SCRIPT.match(group.commands[0].text) for group in groups]
    names = {match[1] if match else "" for match in calls}
    texts = {group.commands[0].text for group in groups}
    counted = any(re.match(r"(?:step )?\d", fold(g.remarks[0].text)) for g in groups)
    return len(names) == 1 and "" not in names and len(texts) == len(groups) and not counted


def _each_alone(groups: Sequence[CommandGroup]) -> StepChoices:
    ways = [_way(group, group.remarks[-1].text, _condition(group)) for group in groups]
    alternatives = tuple(_combined((way,)) for way in ways)
    return StepChoices((), alternatives, guessed=groups[1].commands[0].lines[0])


def _with_orphans(groups: Sequence[CommandGroup]) -> list[CommandGroup]:
    """Remarks without commands of their own (a heading, a lone comment) go to the next group."""
    out: list[CommandGroup] = []
    carried: list[Remark] = []
    for group in groups:
        if group.commands:
            if group.apart and group.remarks:
                carried = []  # a remark of its own behind a blank line begins anew
            out.append(CommandGroup(carried + group.remarks, group.commands, group.apart))
            carried = []
        else:
            carried = carried + group.remarks if _matters(group.remarks) else carried
    return out


def _matters(remarks: Sequence[Remark]) -> bool:
    return any(
        r.origin == "way"
        or is_or(r.text)
        or option_label(r.text)
        or is_fallback(r.text)
        or platform(r.text)
        or is_exclusive(r.text)
        for r in remarks
    )


def _named(groups: Sequence[CommandGroup]) -> bool:
    """Whether ways are named by what they are for: two platforms, or "if running as ..." twice."""
    names = [name for group in groups if (name := _named_for(group))]
    return len(set(names)) > 1


def _named_for(group: CommandGroup) -> str:
    texts = [r.text for r in group.remarks if platform(r.text) or is_exclusive(r.text)]
    return texts[0] if texts else ""


def _take(
    parts: list[StepPart], group: CommandGroup, named: bool, *, alone: bool, last: bool
) -> None:
    options = [r.text for r in group.remarks if r.origin == "way" or option_label(r.text)]
    label = options[0] if options else ""
    other = next((r.text for r in group.remarks if is_or(r.text)), "")
    fallback = next((r.text for r in group.remarks if is_fallback(r.text)), "")
    if not label and named:
        label = _named_for(group)
    if (other or fallback) and not label and _has_commands(parts):
        _other_way(parts, group, other or fallback, bool(fallback))
    elif label and not alone:
        _named_way(parts, group, label)
    elif parts and parts[-1].named and not (last and group.apart and group.remarks):
        parts[-1].ways[-1].commands += group.commands
    elif other and not label and not parts:
        parts.append(StepPart(ways=[_way(group, other), WayDraft(LEAVE_OUT)]))
    elif parts and any(twin(parts[-1], group) for twin in _TWINS):
        _other_way(parts, group, group.remarks[0].text if group.remarks else "", fallback=False)
        parts[-1].guessed = group.commands[0].lines[0]
    elif not alone and (condition := _condition(group)):
        parts.append(StepPart(ways=[_way(group, condition, condition), WayDraft(LEAVE_OUT)]))
    else:
        _shared(parts, group)


def _same_act(part: StepPart, group: CommandGroup) -> bool:
    """The group takes back again what the part before it takes back."""
    commands = part.ways[-1].commands if part.ways else part.commands
    act = going_back_act(group.commands[0].text)
    return bool(act) and any(going_back_act(command.text) == act for command in commands)


def _other_value(part: StepPart, group: CommandGroup) -> bool:
    """The group gives the same command another value: first blue, then green, is nobody's run."""
    before = part.ways[-1].commands if part.ways else part.commands
    if len(before) != 1 or len(group.commands) != 1 or not (group.remarks and before[0].label):
        return False
    ours, theirs = group.commands[0].text.split(), before[0].text.split()
    differs = [at for at, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b]
    if len(ours) != len(theirs) or len(differs) != 1 or only_looks(group.commands[0].text):
        return False
    at = differs[0]
    option = ours[at].partition("=")[0]
    named = option.startswith("-") and option == theirs[at].partition("=")[0]
    # Behind "--" stand files, each of which is one more.
    return named or (at > 0 and ours[at - 1].startswith("-") and ours[at - 1] != "--")


def _other_program(part: StepPart, group: CommandGroup) -> bool:
    """The group goes back with the same options, by another name of the same tool."""
    before = part.ways[-1].commands if part.ways else part.commands
    if len(before) != 1 or len(group.commands) != 1:
        return False
    theirs, ours = before[0].text, group.commands[0].text
    options = _OPTIONS.search(theirs), _OPTIONS.search(ours)
    same = all(options) and len({" ".join(match[0].split()) for match in options if match}) == 1
    return bool(same) and all(speaks_of_going_back(text) for text in (theirs, ours))


_OPTIONS = re.compile(r"\s--?\w.*", re.DOTALL)
_DATA_BACK = {"restores-over", "reverses-migration"}


def _other_way_back(part: StepPart, group: CommandGroup) -> bool:
    """A dump put back, and migrations reversed: each takes the same data back."""
    before = part.ways[-1].commands if part.ways else part.commands
    theirs, ours = (_data_back(commands) for commands in (before, group.commands))
    return len(theirs) == len(ours) == 1 and theirs != ours


def _data_back(commands: Sequence[Command]) -> set[str]:
    return {code for command in commands for code in destroys(command.text)} & _DATA_BACK


_TWINS = (_same_act, _other_value, _other_program, _other_way_back)


def _has_commands(parts: Sequence[StepPart]) -> bool:
    return any(part.commands or part.ways for part in parts)


def _condition(group: CommandGroup) -> str:
    return next((text for r in group.remarks if (text := condition_of(r.text))), "")


def _way(group: CommandGroup, label: str, condition: str = "", fallback: bool = False) -> WayDraft:
    remarks = " ".join(r.text for r in group.remarks)
    return WayDraft(label, list(group.commands), condition, is_preferred(remarks), fallback)


def _shared(parts: list[StepPart], group: CommandGroup) -> None:
    # One part a group, so that an "or" reaches back over one group only.
    parts.append(StepPart(list(group.commands)))


def _named_way(parts: list[StepPart], group: CommandGroup, label: str) -> None:
    if not parts or not parts[-1].named:
        parts.append(StepPart(named=True))
    parts[-1].ways.append(_way(group, label, fallback=is_fallback(label)))


def _other_way(parts: list[StepPart], group: CommandGroup, label: str, fallback: bool) -> None:
    before = parts[-1]
    if not before.ways:
        at = _reach(before.commands, group.commands[0])
        label_of_first = before.commands[at].label or _shortly(before.commands[at])
        first = WayDraft(label_of_first, before.commands[at:])
        parts[-1:] = [StepPart(before.commands[:at]), StepPart(ways=[first])]
    parts[-1].ways.append(_way(group, label or _shortly(group.commands[0]), fallback=fallback))


def _shortly(command: Command) -> str:
    return command.text.split("\n")[0][:60]


def _reach(before: Sequence[Command], other: Command) -> int:
    """Where the first way begins: at the command that starts like the other way's first."""
    program, second = signature(other.text)
    signatures = [signature(command.text) for command in before]
    same = [at for at, one in enumerate(signatures) if one == (program, second)]
    alike = [at for at, one in enumerate(signatures) if one[0] == program]
    return (same or alike or [0])[0]


def _joined(parts: Sequence[StepPart]) -> StepChoices:
    choices = [part for part in parts if len(part.ways) > 1]
    shared: list[Command] = []
    for at, part in enumerate(parts):
        if len(part.ways) > 1:
            return _with_choice(shared, parts[at:], choices)
        shared += part.commands or (part.ways[0].commands if part.ways else [])
    return StepChoices(tuple(shared), ())


def _with_choice(
    shared: list[Command], rest: Sequence[StepPart], choices: list[StepPart]
) -> StepChoices:
    tail = next((p.commands[0].lines[0] for p in rest if p.commands), 0)
    count = 1
    for part in choices:
        count *= len(part.ways)
    if count > MOST:
        every = [c for part in rest for c in _all_commands(part)]
        return StepChoices((*shared, *every), (), too_many=True)
    ways = [part.ways or [WayDraft("", part.commands)] for part in rest]
    combined = tuple(_combined(combination) for combination in product(*ways))
    return StepChoices(tuple(shared), combined, tail)


def _all_commands(part: StepPart) -> list[Command]:
    return part.commands + [command for way in part.ways for command in way.commands]


def _combined(ways: Sequence[WayDraft]) -> Alternative:
    labels = [way.label for way in ways if way.label]
    return Alternative(
        " + ".join(labels),
        tuple(command for way in ways for command in way.commands),
        "; ".join(way.condition for way in ways if way.condition),
        any(way.preferred for way in ways),
        any(way.fallback for way in ways),
    )
