"""What stands under one step, read into a step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from rollback_console.documents.model import Command, Lines, Step, StepKind

from ..edit.fence_attributes import is_set, settings_of
from ..markdown.blocks import Block, BlockKind
from ..markdown.folded_text import bare_title, fold, slug
from ..shell.command_patterns import destroys, only_looks
from ..vocabulary.left_out import why_label_leaves_out
from ..vocabulary.remarks import condition_of, is_gate, is_gate_remark, is_put_off, speaks_of_loss
from ..vocabulary.section_names import SectionKind, part_of
from ..vocabulary.step_headings import STEP_TIME
from .commands.alternatives import StepChoices, choose
from .commands.fences import CommandGroup, FenceText
from .step_builder import (
    TAKE,
    Doubt,
    StepDraft,
    StepReading,
    notice_fence,
    notice_title,
    take_groups,
)


def step_from(title: str, line: int, blocks: Iterable[Block], group: str = "") -> StepReading:
    """One step from its heading (or item) and the blocks under it; its number is still 0.

    The doubts are what made it manual, and what a person should confirm.
    """
    draft = _drafted(title, line, blocks, group)
    return StepReading(_finished(draft), draft.doubts, draft.messages)


def _drafted(title: str, line: int, blocks: Iterable[Block], group: str) -> StepDraft:
    draft = StepDraft(title, line, line, group)
    notice_title(draft)
    for block in blocks:
        if block.kind is not BlockKind.RULE:
            draft.last = max(draft.last, block.lines[1])
        TAKE[block.kind](draft, block)
    return draft


def steps_from(
    title: str, line: int, blocks: Iterable[Block], group: str = ""
) -> list[StepReading]:
    """The same as several steps where somebody must look at what came out before going on: what
    stands below "if that looks good" is a step of its own, behind a gate."""
    blocks = list(blocks)
    draft = _drafted(title, line, blocks, group)
    at = next((at for at, one in enumerate(draft.groups) if at and _waits(one)), 0)
    before = any(one.commands for one in draft.groups[:at])
    after = [one for one in draft.groups[at:] if one.commands]
    if not before or not after:
        return [StepReading(_finished(draft), draft.doubts, draft.messages)]
    remark = next(remark for remark in draft.groups[at].remarks if is_gate_remark(remark.text))
    first = min(remark.line, after[0].commands[0].lines[0])
    later = StepDraft(remark.text, first, draft.last, group, list(draft.groups[at:]))
    later.attributes = {**draft.attributes, "gate": ""}
    later.fence, later.warnings = draft.fence, list(draft.warnings)
    draft.groups, draft.last = draft.groups[:at], first - 1
    return [
        StepReading(_finished(draft), draft.doubts, draft.messages),
        StepReading(_finished(later), list(later.doubts)),
    ]


def _waits(group: CommandGroup) -> bool:
    return any(is_gate_remark(remark.text) for remark in group.remarks)


def step_from_groups(
    title: str, lines: Lines, fence: FenceText, groups: Sequence[CommandGroup], group: str = ""
) -> StepReading:
    """One step from some of a fence's groups, where comments carry the steps."""
    draft = StepDraft(title, lines[0], lines[1], group)
    notice_title(draft)
    notice_fence(draft, fence)
    take_groups(draft, fence, groups)
    return StepReading(_finished(draft), draft.doubts, draft.messages)


def make_step_manual(reading: StepReading, doubt: Doubt) -> StepReading:
    """The same, done by a person because of this doubt."""
    kind = StepKind.MANUAL if reading.step.runs else reading.step.kind
    return replace(reading, step=replace(reading.step, kind=kind), doubts=[*reading.doubts, doubt])


def _finished(draft: StepDraft) -> Step:
    choices = choose(draft.groups)
    _settle_conditions(draft, choices)
    title, estimate = _title_and_time(draft.title)
    kind = _kind(draft, choices, title)
    return Step(
        number=0,
        key=slug(title, "step"),
        title=title,
        kind=kind,
        lines=(draft.line, max(draft.last, draft.line)),
        commands=choices.commands,
        alternatives=choices.alternatives,
        condition=draft.attributes.get("condition") or joined(draft.conditions),
        destructive=_destructive(draft, choices),
        warnings=tuple(dict.fromkeys(draft.warnings)),
        instructions=tuple(draft.instructions),
        estimate=estimate,
        expected="\n".join(draft.expected),
        group=draft.group,
        fence=draft.fence,
        settings=settings_of(draft.attributes),
    )


def _settle_conditions(draft: StepDraft, choices: StepChoices) -> None:
    """A condition on the only commands, or in prose before them, is the step's."""
    filled = [group for group in draft.groups if group.commands]
    if len(filled) == 1 or not filled:
        remarks = filled[0].remarks if filled else draft.remarks
        texts = [text for remark in remarks if (text := condition_of(remark.text))]
        draft.conditions += texts[:1]
    if choices.too_many:
        draft.doubts.append(Doubt("several-choices", draft.line))
    if choices.guessed:
        draft.doubts.append(Doubt("read-as-alternatives", choices.guessed))
    if choices.tail:
        draft.doubts.append(Doubt("commands-after-choice", choices.tail))


def _title_and_time(title: str) -> tuple[str, str]:
    match = STEP_TIME.search(title)
    if not match:
        return bare_title(title).strip(" :"), ""
    rest = title[: match.start()] + title[match.end() :]
    return bare_title(rest).strip(" :"), match[1].strip()


def joined(conditions: Sequence[str]) -> str:
    """Each condition once; one that another begins with is the same, said shorter."""
    kept: list[str] = []
    for text in dict.fromkeys(one.strip(" :\uff1a") for one in conditions if one):
        if not any(text.startswith(one) for one in kept):
            kept.append(text)
    return "; ".join(kept)


_HANDS = frozenset(
    {
        "unfinished-command", "left-out-commands", "unclosed-fence-text", "interactive-lines",
        "other-language", "several-choices", "unsure-role", "unknown-parts", "no-prompt", "not-commands", "not-shell", "put-off", "too-much-to-read",
    }
)  # fmt: skip


# Taking a dump and putting it back are two things, of which a heading names both.
_BOTH_WAYS = re.compile(
    r"\b(?:backups?|dump)\s*(?:/|&|\band\b|\bund\b|\by\b|\be\b|\bet\b)\s*restor"
    r"|备份\s*(?:/|与|和|及)\s*(?:恢复|还原)"
)


def _kind(draft: StepDraft, choices: StepChoices, title: str) -> StepKind:
    runs = bool(choices.commands or any(one.commands for one in choices.alternatives))
    if not runs:
        waits = is_set(draft.attributes, "gate") or is_gate(title)
        return StepKind.GATE if waits else StepKind.MANUAL
    if _BOTH_WAYS.search(fold(title)):
        draft.doubts.append(Doubt("unsure-role", draft.line))
    if is_put_off(title) or why_label_leaves_out(title):
        draft.doubts.append(Doubt("put-off", draft.line))
    if any(doubt.code in _HANDS for doubt in draft.doubts):
        return StepKind.MANUAL
    destructive = _destructive(draft, choices)
    verifies = part_of(title) is SectionKind.VERIFICATION and not destructive
    verifies = verifies and all(only_looks(command.text) for command in _all_of(choices))
    return StepKind.VERIFY if verifies else StepKind.COMMAND


def _all_of(choices: StepChoices) -> list[Command]:
    return [*choices.commands, *(c for way in choices.alternatives for c in way.commands)]


def _destructive(draft: StepDraft, choices: StepChoices) -> bool:
    commands = _all_of(choices)
    return (
        is_set(draft.attributes, "destructive")
        or any(destroys(command.text) for command in commands)
        or (bool(commands) and any(speaks_of_loss(warning) for warning in draft.warnings))
    )
