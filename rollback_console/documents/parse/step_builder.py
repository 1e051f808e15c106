"""A step while it is collected from what stands under it, block by block."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rollback_console.documents.model import MessageTemplate, Step

from ..markdown.blocks import Block, BlockKind
from ..markdown.folded_text import bare_title, fold, plain
from ..markdown.inline_commands import commands_of_item, split_session
from ..shell.command_patterns import reads_like_command
from ..vocabulary.languages import Meaning, any_of
from ..vocabulary.left_out import may_be_example, why_label_leaves_out, why_left_out
from ..vocabulary.remarks import (
    begins_with_if,
    condition_of,
    is_condition,
    is_exclusive,
    is_fallback,
    is_or,
    is_shout,
    is_warning,
    option_label,
    platform,
    says_choose,
)
from ..vocabulary.section_names import SectionKind, part_of
from ..vocabulary.step_headings import step_title, without_time
from .commands.fences import CommandGroup, FenceText, Remark, read_fence
from .messages import message

_EXPECTED = re.compile(
    rf"expected\b|should (?:show|return|see|be)\b|output\b|{any_of(Meaning.OUTPUT)}"
)
_SENDS = re.compile(
    r"\bpost\b|\bsend\b|slack|e-?mail|message|enviar|publicar|envoyer|senden|发送|ارسال"
)
TEXTS = frozenset({"", "text", "txt", "markdown", "md", "plain", "plaintext"})
# What remarks decide; the rest of the prose is for the reader only.
_DECIDES = (is_or, option_label, is_fallback, condition_of)


@dataclass(slots=True)
class Doubt:
    """Something in a step that a person must look at: a finding's code and its line."""

    code: str
    line: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StepReading:
    """A step, what was doubtful in it, and the messages it says to send."""

    step: Step
    doubts: list[Doubt]
    messages: list[MessageTemplate] = field(default_factory=list)


@dataclass(slots=True)
class StepDraft:
    """A step being collected from its blocks."""

    title: str
    line: int
    last: int = 0
    group: str = ""
    groups: list[CommandGroup] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    instructions: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    messages: list[MessageTemplate] = field(default_factory=list)
    fence: int = 0


def notice_title(draft: StepDraft) -> None:
    title = without_time(plain(draft.title))
    if begins_with_if(title):
        draft.conditions.append(step_title(title))
    inside = re.findall(r"\(([^()]{3,80})\)", title)
    texts = [text for words in (title, *inside) if (text := condition_of(words))]
    draft.conditions += texts[:1] if not draft.conditions else []
    if is_warning(bare_title(title)) or any(is_warning(words) for words in inside):
        draft.warnings.append(title)


def _prose(draft: StepDraft, block: Block) -> None:
    """A paragraph, and the session typed into it: `$ terraform plan` on a line of its own."""
    words, session = split_session(block)
    if session:
        if words.text.strip():
            _paragraph(draft, words)
        _fence(draft, session)
    else:
        _paragraph(draft, block)


def _paragraph(draft: StepDraft, block: Block) -> None:
    text = plain(block.text)
    if is_warning(block.text) or (block.quoted and is_warning(text)):
        draft.warnings.append(text)
        draft.conditions += [condition_of(text)]
    elif _EXPECTED.match(fold(text)):
        draft.expected.append(text)
    elif text:
        draft.instructions.append(text)
    draft.remarks.append(Remark(text, block.lines[0], "prose"))
    last = _last_sentence(block.text)
    if last != text and any(decides(last) for decides in _DECIDES):
        draft.remarks.append(Remark(last, block.lines[1], "prose"))


def _last_sentence(text: str) -> str:
    """What introduces the commands below, when a paragraph ends so; else all of it."""
    if not text.rstrip().endswith((":", "\uff1a")):
        return plain(text)
    return plain(re.split(r"(?<=[.!?。])\s|\n", text.strip())[-1])


def _heading(draft: StepDraft, block: Block) -> None:
    draft.instructions.append(plain(block.text))
    origin = "way" if block.way else "heading"
    draft.remarks.append(Remark(plain(block.text), block.lines[0], origin))


def _item(draft: StepDraft, block: Block) -> None:
    commands = commands_of_item(block)
    if commands and not any(group.commands for group in draft.groups):
        _hold_for_all(draft)
    _prose(draft, block)
    if commands:
        draft.groups.append(CommandGroup(_taken(draft), commands))
        draft.doubts.append(Doubt("inline-command", block.lines[0]))


def _hold_for_all(draft: StepDraft) -> None:
    """What a line above the first command says of when, holds for the whole step."""
    above = [r for r in draft.remarks if r.origin == "prose" and r.text.endswith((":", "\uff1a"))]
    conditions = [remark for remark in above if _is_only_condition(remark.text)]
    draft.conditions += [condition_of(remark.text) for remark in conditions[:1]]
    draft.remarks = [remark for remark in draft.remarks if remark not in conditions]


def _taken(draft: StepDraft) -> list[Remark]:
    """The remarks since the last commands; they speak for the next ones."""
    remarks, draft.remarks = draft.remarks, []
    return remarks


def _fence(draft: StepDraft, block: Block) -> None:
    fence = read_fence(block)
    remarks = draft.remarks
    if remarks and (reason := _why_not(remarks[-1])):
        if reason == "expected output":
            draft.expected.append("\n".join(block.rows))
        _taken(draft)
        return
    if not fence.groups:
        _text_fence(draft, fence)
        return
    if remarks and remarks[-1].origin == "prose" and may_be_example(remarks[-1].text):
        draft.doubts.append(Doubt("unsure-role", block.lines[0]))
    notice_fence(draft, fence)
    take_groups(draft, fence, _introduced(draft, fence.groups))


def _text_fence(draft: StepDraft, fence: FenceText) -> None:
    """Text to read, or to send where the words around it speak of telling people."""
    text = "\n".join(fence.block.rows)
    draft.instructions.append(text)
    texts = [draft.title, *(remark.text for remark in draft.remarks[-1:])]
    if fence.info.language in TEXTS and any(map(_tells, texts)):
        draft.messages.append(message(bare_title(draft.title), text, fence.block.first_row))
    else:
        _doubt(draft, fence)


def _tells(text: str) -> bool:
    return part_of(text) in {SectionKind.COMMUNICATION, SectionKind.MESSAGE} or bool(
        _SENDS.search(text.lower())
    )


def _introduced(draft: StepDraft, groups: list[CommandGroup]) -> list[CommandGroup]:
    """The fence's groups, under what the prose before it says about all of them.

    "Only if ..." before a step's first commands is about the step. "Or ..." and "if that
    fails" are about the whole fence, so it becomes one group, unless it decides by itself.
    """
    first = CommandGroup(_taken(draft), [])
    if not any(group.commands for group in draft.groups):
        conditions = [r for r in first.remarks if _is_only_condition(r.text)]
        draft.conditions += [condition_of(remark.text) for remark in conditions[:1]]
        first.remarks = [r for r in first.remarks if r not in conditions]
    words = (draft.title, *(remark.text for remark in first.remarks))
    if any(map(says_choose, words)) and len(groups) > 1 and all(group.remarks for group in groups):
        return [_as_way(group) for group in groups]
    if not _decides(first):
        return groups
    if any(_decides(group) for group in groups) or _names_option(first):
        return [first, *groups]
    commands = [command for group in groups for command in group.commands]
    return [CommandGroup(first.remarks + groups[0].remarks, commands)]


def _as_way(group: CommandGroup) -> CommandGroup:
    """The group under its last remark, as one of the ways that prose says to choose from."""
    remark = replace(group.remarks[-1], origin="way")
    return CommandGroup([*group.remarks[:-1], remark], group.commands, group.apart)


def _is_only_condition(text: str) -> bool:
    other = (
        is_warning(text) or is_or(text) or is_fallback(text) or platform(text) or is_exclusive(text)
    )
    return bool(condition_of(text)) and not other


def _names_option(group: CommandGroup) -> bool:
    return any(r.origin == "way" or option_label(r.text) for r in group.remarks)


def _why_not(remark: Remark) -> str:
    """Why what stands below a remark is no part of its step; empty when it is."""
    if remark.origin == "heading":
        return why_left_out(remark.text)
    return why_label_leaves_out(remark.text)


def _decides(group: CommandGroup) -> bool:
    if any(remark.origin == "way" for remark in group.remarks):
        return True
    return any(test(remark.text) for remark in group.remarks for test in _DECIDES) or any(
        platform(remark.text) for remark in group.remarks
    )


def notice_fence(draft: StepDraft, fence: FenceText) -> None:
    draft.fence = draft.fence or fence.block.lines[0]
    for name, value in fence.info.attributes.items():
        draft.attributes.setdefault(name, value)
    _doubt(draft, fence)


def _doubt(draft: StepDraft, fence: FenceText) -> None:
    line = fence.block.lines[0]
    draft.doubts += [Doubt("bad-attribute", line, problem) for problem in fence.info.problems]
    if fence.doubt:
        draft.doubts.append(Doubt(fence.doubt, line))
    elif fence.block.rows and not fence.groups and _claims_commands(fence):
        draft.doubts.append(Doubt("not-commands", line))
    if not fence.block.closed:
        draft.doubts.append(Doubt("unclosed-fence", line))
    if fence.output:
        draft.expected.append("\n".join(fence.output))
        draft.warnings += [row.strip() for row in fence.output if is_shout(row)]


def _claims_commands(fence: FenceText) -> bool:
    if fence.info.language:
        return fence.info.language in {"bash", "sh", "shell", "console"}
    return any(map(reads_like_command, fence.block.rows))


def take_groups(draft: StepDraft, fence: FenceText, groups: Sequence[CommandGroup]) -> None:
    lead: list[Remark] = []
    for group in _without_left_out(draft, groups):
        group = CommandGroup([*lead, *group.remarks], group.commands, group.apart)
        lead = []
        _notice_remarks(draft, group)
        if not group.commands and any(r.origin != "comment" for r in group.remarks):
            lead = group.remarks
            continue
        draft.groups.append(group)


def shows_file(groups: Sequence[CommandGroup]) -> bool:
    """Whether a fence opens with a remark that what follows is kept in a file."""
    opening = groups[0].remarks[:2] if groups else []
    comments = (remark.text for remark in opening if remark.origin == "comment")
    return any(why_label_leaves_out(text) == "the content of a file" for text in comments)


def _without_left_out(draft: StepDraft, groups: Sequence[CommandGroup]) -> list[CommandGroup]:
    """The groups that no remark takes out. Where a remark may mean an example, and nothing else is
    there to run, a person is asked."""
    if shows_file(groups):
        return []
    kept = [g for g in groups if not any(why_label_leaves_out(r.text) for r in g.remarks[-1:])]
    examples = [g for g in kept if any(may_be_example(r.text) for r in g.remarks[-1:])]
    others = [g for g in kept if g.commands and g not in examples]
    if examples and others:
        return [group for group in kept if group not in examples]
    draft.doubts += [Doubt("unsure-role", g.commands[0].lines[0]) for g in examples if g.commands]
    return kept


def _notice_remarks(draft: StepDraft, group: CommandGroup) -> None:
    for remark in group.remarks:
        if remark.origin == "comment" and is_warning(remark.text):
            draft.warnings.append(remark.text)
        elif not group.commands and is_condition(remark.text) and remark.origin == "comment":
            draft.conditions.append(remark.text)


def _table(draft: StepDraft, block: Block) -> None:
    for line, cells in block.table[1:]:
        text = " - ".join(plain(cell) for cell in cells if cell)
        draft.instructions.append(text)
        draft.remarks.append(Remark(text, line, "prose"))


def _nothing(draft: StepDraft, block: Block) -> None:
    """Rules say nothing a step needs."""


_SUMMARY = re.compile(r"<summary>([^<]{1,200})</summary>", re.IGNORECASE)


def _html(draft: StepDraft, block: Block) -> None:
    """What folded text is called stands where a heading would."""
    for match in _SUMMARY.finditer(block.text):
        draft.remarks.append(Remark(plain(match[1]), block.lines[0], "heading"))


TAKE = {
    BlockKind.HEADING: _heading,
    BlockKind.PARAGRAPH: _prose,
    BlockKind.ITEM: _item,
    BlockKind.FENCE: _fence,
    BlockKind.TABLE: _table,
    BlockKind.RULE: _nothing,
    BlockKind.HTML: _html,
}
