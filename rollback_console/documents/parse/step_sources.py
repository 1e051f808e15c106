"""The shapes in which people write steps without giving each a heading.

Numbered comments in one fence, an ordered list, bullets or checkboxes that hold commands, a
table with a command column; and prose, which a person carries out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rollback_console.documents.model import Step, StepKind

from ..markdown.blocks import Block, BlockKind
from ..markdown.folded_text import bare_title, fold, plain, slug
from ..markdown.inline_commands import command_of_cell, commands_of_item, split_session
from ..shell.command_patterns import destroys
from ..vocabulary.left_out import why_label_leaves_out
from ..vocabulary.remarks import is_fallback, is_or, is_warning
from ..vocabulary.section_names import SectionKind, part_of
from .commands.alternatives import LEAVE_OUT
from .commands.fences import CommandGroup, FenceText, Remark, read_fence
from .step_builder import Doubt, StepReading, shows_file
from .steps import make_step_manual, step_from, step_from_groups, steps_from

_NUMBERED = re.compile(
    r"(?:(?:step|paso|etape|schritt|passo|phase|步骤|第|الخطوه)\s*)?(\d{1,2})\s*(?:[.):、:步]"
    r"|[-–—]\s)\s*(.+)"
)
_COMMAND_COLUMN = re.compile(r"command|\bcmd\b|comando|commande|befehl|\baction\b|命令|الامر")
_COMMANDS_ONLY = re.compile(r"(?:\w+ )?(?:commands?|cmd|comandos?|commandes?|befehle?|命令)")
_TITLE_COLUMN = re.compile(r"step|action|task|description|what|paso|etape|schritt|步骤|الخطوه")


def steps_of_blocks(
    title: str, line: int, blocks: Sequence[Block], group: str = ""
) -> list[StepReading]:
    """The steps these blocks carry, in order; numbers are still 0."""
    kinds = {block.kind for block in blocks}
    if BlockKind.TABLE in kinds and (readings := _table_steps(blocks, group)):
        return readings
    if BlockKind.ITEM in kinds and _list_carries(blocks):
        return list(_list_steps(title, line, blocks, group))
    fences = [block for block in blocks if block.kind is BlockKind.FENCE]
    if len(fences) == 1 and (readings := _comment_steps(fences[0], group)):
        return readings
    if not any(block.kind is not BlockKind.RULE for block in blocks):
        return []
    whole = steps_from(title, line, blocks, group)
    parts = _labelled_fences(blocks)
    if len(whole) > 1 or _is_one_choice(whole[0].step) or whole[0].step.condition or len(parts) < 2:
        return whole
    return [step_from(_label(part), part[0].lines[0], part[1:], group) for part in parts]


def _is_one_choice(step: Step) -> bool:
    """It has ways to choose from; a part that may be left out is a step of its own instead."""
    labels = [way.label for way in step.alternatives]
    return bool(labels) and not any(LEAVE_OUT in label for label in labels)


def _labelled_fences(blocks: Sequence[Block]) -> list[list[Block]]:
    """The blocks cut before each short line that stands right above a fence; none when some
    fence has no such line."""
    parts: list[list[Block]] = []
    for at, block in enumerate(blocks):
        following = blocks[at + 1] if at + 1 < len(blocks) else None
        if following and following.kind is BlockKind.FENCE and _is_label(block):
            parts.append([])
        elif block.kind is BlockKind.FENCE and not (parts and len(parts[-1]) == 1):
            return []
        if parts:
            parts[-1].append(block)
    return parts


def _is_label(block: Block) -> bool:
    text = plain(block.text)
    short = block.kind is BlockKind.PARAGRAPH and 0 < len(text) < 80 and "\n" not in block.text
    return short and part_of(text) is not SectionKind.NEVER


def _label(part: Sequence[Block]) -> str:
    return plain(part[0].text).strip(" :\uff1a.")


def is_plain_prose(blocks: Sequence[Block]) -> bool:
    """Nothing here but sentences, so it introduces rather than instructs."""
    return all(
        block.kind in {BlockKind.PARAGRAPH, BlockKind.RULE, BlockKind.HTML} for block in blocks
    )


def _list_carries(blocks: Sequence[Block]) -> bool:
    """A fence outside of any item that comes before the list makes the list a remark on it."""
    first = next(block for block in blocks if block.kind in {BlockKind.ITEM, BlockKind.FENCE})
    items = [block for block in blocks if block.kind is BlockKind.ITEM]
    loose = [b for b in blocks if b.kind is BlockKind.FENCE and b.depth == 0]
    if items[0].number is not None:
        return first.kind is BlockKind.ITEM
    nested = any(b.kind is BlockKind.FENCE and b.depth > 0 for b in blocks)
    return nested or not loose


def _list_steps(
    title: str, line: int, blocks: Sequence[Block], group: str
) -> Iterator[StepReading]:
    depth = min(block.depth for block in blocks if block.kind is BlockKind.ITEM)
    current: list[Block] = []
    listed, apart = _apart(_without_intro(blocks, depth), depth)
    for block in listed:
        if (
            block.kind is BlockKind.ITEM
            and block.depth == depth
            and not (current and is_or(block.text))
        ):
            if current:
                yield _item_step(current, group)
            current = [block]
        elif current:
            current.append(block)
    yield _item_step(current, group)
    if apart and not why_label_leaves_out(_label(apart)):
        reading = step_from(_label(apart), apart[0].lines[0], apart[1:], group)
        yield make_step_manual(reading, Doubt("apart-from-the-list", apart[0].lines[0]))


def _without_intro(blocks: Sequence[Block], depth: int) -> Sequence[Block]:
    """Bullets that run nothing above a counted list say something about it."""
    tops = [b for b in blocks if b.kind is BlockKind.ITEM and b.depth == depth]
    counted = [block for block in tops if block.number is not None]
    if len(counted) < 2 or counted[0] is tops[0]:
        return blocks
    at = next(at for at, block in enumerate(blocks) if block is counted[0])
    runs = any(b.kind is BlockKind.FENCE or commands_of_item(b) for b in blocks[:at])
    return blocks if runs else blocks[at:]


def _apart(blocks: Sequence[Block], depth: int) -> tuple[Sequence[Block], Sequence[Block]]:
    """The list, and what a paragraph of its own after the last item introduces."""
    last = max(at for at, block in enumerate(blocks) if block.kind is BlockKind.ITEM)
    for at, block in enumerate(blocks[last + 1 :], last + 1):
        if block.kind is BlockKind.PARAGRAPH and block.depth == 0 and _introduces(blocks, at):
            return blocks[:at], blocks[at:]
    return blocks, ()


def _introduces(blocks: Sequence[Block], at: int) -> bool:
    text = plain(blocks[at].text)
    more = any(b.kind is BlockKind.FENCE or split_session(b)[1] for b in blocks[at + 1 :])
    return more and text.endswith((":", "\uff1a")) and not (is_or(text) or is_fallback(text))


def _item_step(blocks: Sequence[Block], group: str) -> StepReading:
    item = blocks[0]
    title, rest = _title_of(item)
    below = item.lines[0] + item.text.count("\n") - rest.count("\n")
    body = [Block(BlockKind.ITEM, (below, item.lines[1]), rest, depth=item.depth)] if rest else []
    if not rest and "`" in item.text:
        body = [Block(BlockKind.ITEM, item.lines, item.text, depth=item.depth)]
    return step_from(title, item.lines[0], [*body, *blocks[1:]], group)


def _title_of(item: Block) -> tuple[str, str]:
    """A bold lead or the first line is the title; what follows on it is the text."""
    first, _, rest = item.text.partition("\n")
    bold = re.match(r"\s*(?:\*\*|__)([^*\n]{2,160}?)(?:\*\*|__)\s*[:.—–-]?\s*", first)
    if bold:
        tail = first[bold.end() :] + ("\n" + rest if rest else "")
        return bold[1].strip(" :"), tail.strip()
    if commands_of_item(item):
        code = commands_of_item(item)[0].text
        first = re.sub(r"\s*`{1,2}[^`\n]+`{1,2}", "", first) or code[:80]
        first = re.sub(
            r"(?<!\s)\s++(?:with|by|using|via|run|running|con|avec|mit)\s*:?\s*$", "", first
        )
    return bare_title(first).strip(" :\uff1a") or "Step", rest.strip()


def _comment_steps(block: Block, group: str) -> list[StepReading]:
    """`# 1. Stop`, `# Step 2: ...` inside one fence, counting up."""
    fence = read_fence(block)
    fence = replace(fence, groups=list(_one_number_each(fence.groups)))
    starts = [at for at, one in enumerate(fence.groups) if _number_of(one) and not _is_other(one)]
    numbers = [_number_of(fence.groups[at]) for at in starts]
    if shows_file(fence.groups) or len(starts) < 2 or numbers != sorted(set(numbers)):
        return []
    folder, first = _folder(fence.groups[: starts[0]]), starts[0]
    ends = [*starts[1:], len(fence.groups)]
    if not folder and not any(one.commands for one in fence.groups[:first]):
        # Warnings and conditions above the first number speak for what follows.
        starts[0] = first = 0
    readings = [_part(fence, fence.groups[a:b], group) for a, b in zip(starts, ends, strict=True)]
    if folder:
        return [_in_folder(one, folder) for one in readings]
    if first:
        readings.insert(0, _part(fence, fence.groups[:first], group))
    return readings


_CD = re.compile(r"cd\s+(/[^\s;&|$`*?<>\"']*)")


def _folder(groups: Sequence[CommandGroup]) -> str:
    """Where a fence begins with nothing but going into a folder: that folder."""
    commands = [command for group in groups for command in group.commands]
    match = _CD.fullmatch(commands[0].text) if len(commands) == 1 else None
    return match[1] if match else ""


def _in_folder(reading: StepReading, folder: str) -> StepReading:
    settings = reading.step.settings
    settings = replace(settings, cwd=settings.cwd or folder)
    return replace(reading, step=replace(reading.step, settings=settings))


def _one_number_each(groups: Sequence[CommandGroup]) -> Iterator[CommandGroup]:
    """`# 1. Stop writers` right above `# 2. Take a dump` is a step without commands."""
    for group in groups:
        start = 0
        for at, remark in enumerate(group.remarks):
            above = group.remarks[start:at]
            if _counts(remark) and any(map(_counts, above)):
                yield CommandGroup(above, [], group.apart)
                start = at
        yield CommandGroup(group.remarks[start:], group.commands, group.apart)


def _counts(remark: Remark) -> bool:
    return bool(_NUMBERED.fullmatch(fold(remark.text)))


def _is_other(group: CommandGroup) -> bool:
    """`# 3. Or ...` counts on, but is another way of what stands before it."""
    named = (_NUMBERED.fullmatch(fold(remark.text)) for remark in group.remarks)
    return any(match and is_or(match[2]) for match in named)


def _number_of(group: CommandGroup) -> int:
    for remark in group.remarks:
        match = _NUMBERED.fullmatch(fold(remark.text))
        if match:
            return int(match[1])
    return 0


def _part(fence: FenceText, groups: Sequence[CommandGroup], group: str) -> StepReading:
    remarks = [remark for one in groups for remark in one.remarks]
    commands = [command for one in groups for command in one.commands]
    first = min([r.line for r in remarks] + [c.lines[0] for c in commands])
    last = max([r.line for r in remarks] + [c.lines[1] for c in commands])
    title = next((m[2] for r in remarks if (m := _named(r.text))), "Preparation")
    return step_from_groups(title, (first, last), fence, groups, group)


def _named(text: str) -> re.Match[str] | None:
    return re.fullmatch(r"\W*(?:[^\W\d]+\s*)?(\d{1,2})\s*[.):、:步\-–—]*\s*(.+)", text)


def _table_steps(blocks: Sequence[Block], group: str) -> list[StepReading]:
    readings: list[StepReading] = []
    for block in blocks:
        if block.kind is BlockKind.TABLE and (columns := _columns(block)):
            readings += [_row_step(line, cells, columns, group) for line, cells in block.table[1:]]
    return readings


def _columns(block: Block) -> tuple[int, int, bool] | None:
    """Which columns hold the title and the command, and whether the latter is headed so; None
    when none holds commands."""
    heads = [fold(cell) for cell in block.table[0][1]] if block.table else []
    rows = block.table[1:]
    for at, head in reversed(list(enumerate(heads))):
        filled = [cells[at] for _, cells in rows if at < len(cells)]
        if _COMMAND_COLUMN.search(head) and any(command_of_cell(cell, 0) for cell in filled):
            return _title_column(heads, at), at, bool(_COMMANDS_ONLY.fullmatch(head))
    return None


def _title_column(heads: Sequence[str], command: int) -> int:
    named = [at for at, head in enumerate(heads) if at != command and _TITLE_COLUMN.search(head)]
    worded = [
        at
        for at in named
        if not re.fullmatch(r"(?:step|paso|schritt|etape) ?(?:no|number|#)?|#|no", heads[at])
    ]
    other = [
        at for at in range(len(heads)) if at != command and heads[at] not in {"#", "", "no", "n"}
    ]
    return (worded or other or named or [command])[0]


def _row_step(
    line: int, cells: list[str], columns: tuple[int, int, bool], group: str
) -> StepReading:
    title_at, command_at, introduced = columns
    cell = cells[command_at] if command_at < len(cells) else ""
    commands = command_of_cell(cell, line, introduced=introduced)
    title = plain(cells[title_at]) if title_at < len(cells) else ""
    text = " - ".join(plain(one) for one in cells if one)
    step = Step(
        number=0,
        key=slug(title or text, "step"),
        title=title or plain(cell) or "Step",
        kind=StepKind.COMMAND if commands else StepKind.MANUAL,
        lines=(line, line),
        commands=tuple(commands),
        destructive=any(destroys(command.text) for command in commands),
        warnings=(text,) if is_warning(text) else (),
        instructions=(text,),
        group=group,
    )
    doubts = [] if commands or "`" not in cell else [Doubt("not-commands", line)]
    return StepReading(step, doubts)
