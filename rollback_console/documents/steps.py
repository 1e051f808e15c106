"""What stands under one step, read into a step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rollback_console.documents.attributes import is_set, settings_of
from rollback_console.documents.blocks import Block, BlockKind
from rollback_console.documents.fences import FenceText, Group, Remark, read_fence
from rollback_console.documents.fold import bare_title, plain, slug
from rollback_console.documents.inline import commands_of_item
from rollback_console.documents.messages import message
from rollback_console.documents.model import Command, Lines, MessageTemplate, Step, StepKind
from rollback_console.documents.programs import destroys
from rollback_console.documents.sections import Part, part_of
from rollback_console.documents.segments import Choices, choose
from rollback_console.documents.words import (
    is_condition,
    is_fallback,
    is_gate,
    is_negated,
    is_or,
    is_warning,
    option_label,
    platform,
    speaks_of_loss,
)

_TIME = re.compile(
    r"\s*[(\[\uff08]\s*((?:~|ca\.?|approx\.?|about|est\.?:?)?\s*\d+(?:\s*[-–]\s*\d+)?\s*(?:s"
    r"|secs?|seconds?|m|mins?|minutes?"
    r"|minutos?|minuten|h|hours?|hrs?|分钟|秒)\.?)\s*[)\]\uff09]"
)
_EXPECTED = re.compile(
    r"expected|should (?:show|return|see|be)|output|example|sample|result|esperad|attendu"
    r"|erwartet|预期|输出"
)
_SENDS = re.compile(
    r"\bpost\b|\bsend\b|slack|e-?mail|message|enviar|publicar|envoyer|senden|发送|ارسال"
)
TEXTS = frozenset({"", "text", "txt", "markdown", "md", "plain", "plaintext"})
# What remarks decide; the rest of the prose is for the reader only.
_DECIDES = (is_or, option_label, is_fallback, is_condition)


@dataclass(slots=True)
class Doubt:
    """Something in a step that a person must look at: a finding's code and its line."""

    code: str
    line: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A step, what was doubtful in it, and the messages it says to send."""

    step: Step
    doubts: list[Doubt]
    messages: list[MessageTemplate] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """A step being collected from its blocks."""

    title: str
    line: int
    last: int = 0
    group: str = ""
    groups: list[Group] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    instructions: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    messages: list[MessageTemplate] = field(default_factory=list)
    fence: int = 0


def step_from(title: str, line: int, blocks: Iterable[Block], group: str = "") -> Found:
    """One step from its heading (or item) and the blocks under it; its number is still 0.

    The doubts are what made it manual, and what a person should confirm.
    """
    draft = Draft(title, line, line, group)
    _notice_title(draft)
    for block in blocks:
        if block.kind is not BlockKind.RULE:
            draft.last = max(draft.last, block.lines[1])
        _TAKE[block.kind](draft, block)
    return Found(_finished(draft), draft.doubts, draft.messages)


def step_from_groups(
    title: str, lines: Lines, fence: FenceText, groups: Sequence[Group], group: str = ""
) -> Found:
    """One step from some of a fence's groups, where comments carry the steps."""
    draft = Draft(title, lines[0], lines[1], group)
    _notice_title(draft)
    _notice_fence(draft, fence)
    _take_groups(draft, fence, groups)
    return Found(_finished(draft), draft.doubts, draft.messages)


def _notice_title(draft: Draft) -> None:
    title = plain(draft.title)
    inside = re.findall(r"\(([^()]{3,80})\)", title)
    draft.conditions += [words for words in (title, *inside) if is_condition(words)][:1]
    if is_warning(bare_title(title)) or any(is_warning(words) for words in inside):
        draft.warnings.append(title)


def _paragraph(draft: Draft, block: Block) -> None:
    text = plain(block.text)
    if is_warning(block.text) or (block.quoted and is_warning(text)):
        draft.warnings.append(text)
    elif _EXPECTED.match(text.lower()):
        draft.expected.append(text)
    elif text:
        draft.instructions.append(text)
    draft.remarks.append(Remark(text, block.lines[0], "prose"))


def _heading(draft: Draft, block: Block) -> None:
    draft.instructions.append(plain(block.text))
    draft.remarks.append(Remark(plain(block.text), block.lines[0], "heading"))


def _item(draft: Draft, block: Block) -> None:
    commands = commands_of_item(block)
    _paragraph(draft, block)
    if commands:
        draft.groups.append(Group(_taken(draft), commands))
        draft.doubts.append(Doubt("inline-command", block.lines[0]))


def _taken(draft: Draft) -> list[Remark]:
    """The remarks since the last commands; they speak for the next ones."""
    remarks, draft.remarks = draft.remarks, []
    return remarks


def _fence(draft: Draft, block: Block) -> None:
    fence = read_fence(block)
    remarks = draft.remarks
    if remarks and _is_never(remarks[-1].text):
        draft.expected.append("\n".join(block.rows))
        _taken(draft)
        return
    if not fence.groups:
        _text_fence(draft, fence)
        return
    _notice_fence(draft, fence)
    _take_groups(draft, fence, _introduced(draft, fence.groups))


def _text_fence(draft: Draft, fence: FenceText) -> None:
    """Text to read, or to send where the words around it speak of telling people."""
    text = "\n".join(fence.block.rows)
    draft.instructions.append(text)
    said = [draft.title, *(remark.text for remark in draft.remarks[-1:])]
    if fence.info.language in TEXTS and any(map(_tells, said)):
        draft.messages.append(message(bare_title(draft.title), text, fence.block.first_row))
    else:
        _doubt(draft, fence)


def _tells(text: str) -> bool:
    return part_of(text) in {Part.COMMUNICATION, Part.MESSAGE} or bool(_SENDS.search(text.lower()))


def _introduced(draft: Draft, groups: list[Group]) -> list[Group]:
    """The fence's groups, under what the prose before it says about all of them.

    "Only if ..." before a step's first commands is about the step. "Or ..." and "if that
    fails" are about the whole fence, so it becomes one group, unless it decides by itself.
    """
    first = Group(_taken(draft), [])
    if not any(group.commands for group in draft.groups):
        conditions = [r.text for r in first.remarks if _is_only_condition(r.text)]
        draft.conditions += conditions[:1]
        first.remarks = [r for r in first.remarks if r.text not in conditions]
    if not _decides(first):
        return groups
    if any(_decides(group) for group in groups) or _names_option(first):
        return [first, *groups]
    commands = [command for group in groups for command in group.commands]
    return [Group(first.remarks + groups[0].remarks, commands)]


def _is_only_condition(text: str) -> bool:
    return is_condition(text) and not is_warning(text) and not is_or(text) and not is_fallback(text)


def _names_option(group: Group) -> bool:
    return any(option_label(remark.text) for remark in group.remarks)


def _is_never(text: str) -> bool:
    folded = text.lower()
    return bool(_EXPECTED.search(folded)) or is_negated(text) or _names_never(text)


def _names_never(text: str) -> bool:
    # A sentence may speak of the deployment; only a short line can be a name for what follows.
    return len(text.split()) <= 6 and part_of(text) is Part.NEVER


def _decides(group: Group) -> bool:
    return any(test(remark.text) for remark in group.remarks for test in _DECIDES) or any(
        platform(remark.text) for remark in group.remarks
    )


def _notice_fence(draft: Draft, fence: FenceText) -> None:
    draft.fence = draft.fence or fence.block.lines[0]
    for name, value in fence.info.attributes.items():
        draft.attributes.setdefault(name, value)
    _doubt(draft, fence)


def _doubt(draft: Draft, fence: FenceText) -> None:
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


def _claims_commands(fence: FenceText) -> bool:
    return fence.info.language in {"", "bash", "sh", "shell", "console"}


def _take_groups(draft: Draft, fence: FenceText, groups: Sequence[Group]) -> None:
    lead: list[Remark] = []
    for group in groups:
        group.remarks = lead + group.remarks
        lead = []
        _notice_remarks(draft, group)
        if not group.commands and any(r.origin != "comment" for r in group.remarks):
            lead = group.remarks
            continue
        draft.groups.append(group)


def _notice_remarks(draft: Draft, group: Group) -> None:
    for remark in group.remarks:
        if remark.origin == "comment" and is_warning(remark.text):
            draft.warnings.append(remark.text)
        elif not group.commands and is_condition(remark.text) and remark.origin == "comment":
            draft.conditions.append(remark.text)


def _table(draft: Draft, block: Block) -> None:
    for line, cells in block.table[1:]:
        text = " - ".join(plain(cell) for cell in cells if cell)
        draft.instructions.append(text)
        draft.remarks.append(Remark(text, line, "prose"))


def _nothing(draft: Draft, block: Block) -> None:
    """Rules and raw HTML say nothing a step needs."""


_TAKE = {
    BlockKind.HEADING: _heading,
    BlockKind.PARAGRAPH: _paragraph,
    BlockKind.ITEM: _item,
    BlockKind.FENCE: _fence,
    BlockKind.TABLE: _table,
    BlockKind.RULE: _nothing,
    BlockKind.HTML: _nothing,
}


def _finished(draft: Draft) -> Step:
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
        condition=draft.attributes.get("condition") or _joined(draft.conditions),
        destructive=_destructive(draft, choices),
        warnings=tuple(dict.fromkeys(draft.warnings)),
        instructions=tuple(draft.instructions),
        estimate=estimate,
        expected="\n".join(draft.expected),
        group=draft.group,
        fence=draft.fence,
        settings=settings_of(draft.attributes),
    )


def _settle_conditions(draft: Draft, choices: Choices) -> None:
    """A condition on the only commands, or in prose before them, is the step's."""
    filled = [group for group in draft.groups if group.commands]
    if len(filled) == 1 or not filled:
        said = filled[0].remarks if filled else draft.remarks
        texts = [r.text for r in said if is_condition(r.text) and not is_warning(r.text)]
        draft.conditions += texts[:1]
    if choices.too_many:
        draft.doubts.append(Doubt("several-choices", draft.line))
    if choices.guessed:
        draft.doubts.append(Doubt("read-as-alternatives", choices.guessed))
    if choices.tail:
        draft.doubts.append(Doubt("commands-after-choice", choices.tail))


def _title_and_time(title: str) -> tuple[str, str]:
    match = _TIME.search(title)
    if not match:
        return bare_title(title).strip(" :"), ""
    rest = title[: match.start()] + title[match.end() :]
    return bare_title(rest).strip(" :"), match[1].strip()


def _joined(conditions: Sequence[str]) -> str:
    """Each condition once; one that another begins with is the same, said shorter."""
    kept: list[str] = []
    for text in dict.fromkeys(one.strip(" :\uff1a") for one in conditions):
        if not any(text.startswith(one) for one in kept):
            kept.append(text)
    return "; ".join(kept)


_HANDS = frozenset(
    {
        "unfinished-command", "left-out-commands", "unclosed-fence-text", "interactive-lines",
        "other-language", "several-choices", "no-prompt", "not-commands", "not-shell",
    }
)  # fmt: skip


def _kind(draft: Draft, choices: Choices, title: str) -> StepKind:
    runs = bool(choices.commands or any(one.commands for one in choices.alternatives))
    if not runs:
        waits = is_set(draft.attributes, "gate") or is_gate(title)
        return StepKind.GATE if waits else StepKind.MANUAL
    if any(doubt.code in _HANDS for doubt in draft.doubts):
        return StepKind.MANUAL
    destructive = _destructive(draft, choices)
    verifies = part_of(title) is Part.VERIFICATION and not destructive
    return StepKind.VERIFY if verifies else StepKind.COMMAND


def _destructive(draft: Draft, choices: Choices) -> bool:
    commands: list[Command] = list(choices.commands)
    for alternative in choices.alternatives:
        commands += alternative.commands
    return (
        is_set(draft.attributes, "destructive")
        or any(destroys(command.text) for command in commands)
        or (bool(commands) and any(speaks_of_loss(warning) for warning in draft.warnings))
    )
