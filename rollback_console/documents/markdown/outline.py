"""The blocks of a document as a tree of sections.

A line that is all bold, and a bare "Rollback steps:" that announces a part, head a section
as a heading does, one level below every real heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from rollback_console.documents.model import Lines

from ..vocabulary.remarks import is_condition, is_or, is_warning, option_label
from ..vocabulary.section_names import SectionKind, part_of
from .blocks import Block, BlockKind
from .folded_text import fold, plain

_BOLD_LINE = re.compile(
    r"\s*(?:[^\w\s*\[]{1,4}\s*)?(?:\*\*|__)([^*\n]{2,120}?)(?:\*\*|__)\s*:?"
    r"(?:\s*[_*]{0,2}\([^()\n]{1,60}\)[_*]{0,2})?\s*"
)
_REMARK = re.compile(
    r"note|expected|example|output|result|command|why|tip|run|what|purpose|nota|hinweis|remarque"
    r"|注|说明"
)
# "**Estimated time: 3 minutes**" says something of what it stands in.
_TAKES = re.compile(
    r"[:\uff1a]\s*~?\s*\d+(?:\s*[-–~]\s*\d+)?\s*(?:s|sec|m|min|h|hour|hora|heure|stunde|分|小时)\w*\W*$"
)
_CHAPTER = re.compile(r"\W*(\d{1,2})\.\d{1,2}(?:[.)]|\s|$)")
_LABEL_LEVEL = 7


@dataclass(slots=True, eq=False)
class Section:
    """A heading, what stands below it before the next, and its sub-sections. `rank` is how deep it
    stands, which is its level but for chapters headed alike."""

    title: str = ""
    level: int = 0
    line: int = 0
    blocks: list[Block] = field(default_factory=list)
    children: list[Section] = field(default_factory=list)
    heading: Block | None = None
    rank: float = 0

    def walk(self) -> Iterator[Section]:
        """This section and all below it, in source order."""
        waiting = [self]
        while waiting:
            section = waiting.pop()
            yield section
            waiting += reversed(section.children)

    def every_block(self) -> Iterator[Block]:
        """All blocks of this section and below, headings included, in source order."""
        for section in self.walk():
            if section.heading and section is not self:
                yield section.heading
            yield from section.blocks

    @property
    def lines(self) -> Lines:
        """From the heading to the last line of what it holds."""
        last = max((block.lines[1] for s in self.walk() for block in _own(s)), default=self.line)
        return (self.line or self.first_line(), last)

    def first_line(self) -> int:
        return min((block.lines[0] for block in self.every_block()), default=1)

    def intro(self) -> list[Block]:
        """The paragraphs it opens with, before a fence, a table or anything counted."""
        opening = takewhile(_introduces, self.blocks)
        return [block for block in opening if block.kind is BlockKind.PARAGRAPH]

    def has_fence(self) -> bool:
        return any(block.kind is BlockKind.FENCE for block in self.every_block())


def outline(blocks: Sequence[Block]) -> Section:
    """The tree; its root has no title and holds what stands before the first heading."""
    root = Section()
    path = [root]
    for block in _with_labels(blocks):
        if block.kind is not BlockKind.HEADING:
            path[-1].blocks.append(block)
            continue
        title = plain(block.text)
        rank = _rank(title, block.level, path)
        while len(path) > 1 and path[-1].rank >= rank:
            path.pop()
        section = Section(title, block.level, block.lines[0], heading=block, rank=rank)
        path[-1].children.append(section)
        path.append(section)
    return root


def _introduces(block: Block) -> bool:
    return block.kind not in {BlockKind.FENCE, BlockKind.TABLE} and block.number is None


def _rank(title: str, level: int, path: Sequence[Section]) -> float:
    """`9.4` stands below `9.` also where both are headed alike."""
    match = _CHAPTER.match(title)
    if match and any(one.rank == level and _is_chapter(one.title, match[1]) for one in path):
        return level + 0.5
    return level


def _is_chapter(title: str, number: str) -> bool:
    match = re.match(r"\W*(\d{1,2})[.)]?\s", title)
    return match is not None and match[1] == number


def _own(section: Section) -> list[Block]:
    return [*section.blocks, *([section.heading] if section.heading else [])]


def _with_labels(blocks: Sequence[Block]) -> Iterator[Block]:
    for at, block in enumerate(blocks):
        if block.kind is BlockKind.HEADING and block.depth == 0:
            yield block
        elif block.kind is BlockKind.PARAGRAPH and not block.quoted and block.depth == 0:
            yield from _paragraph(block, blocks[at + 1] if at + 1 < len(blocks) else None)
        elif _is_underlined(block, blocks[at + 1] if at + 1 < len(blocks) else None):
            text = f"{block.number}. {block.text}"
            yield Block(BlockKind.HEADING, block.lines, text, level=2)
        else:
            yield _unheaded(block)


def _is_underlined(block: Block, following: Block | None) -> bool:
    """`9. Rollback` over a rule is a list of one to Markdown, and a heading to its author."""
    if block.kind is not BlockKind.ITEM or block.number is None or following is None:
        return False
    alone = block.depth == 1 and bool(block.text) and "\n" not in block.text
    return alone and following.kind is BlockKind.RULE and following.lines[0] == block.lines[1] + 1


def _unheaded(block: Block) -> Block:
    """A heading inside a list or a quote heads nothing."""
    if block.kind is BlockKind.HEADING:
        block.kind = BlockKind.PARAGRAPH
    return block


def _paragraph(block: Block, following: Block | None) -> Iterator[Block]:
    first, _, rest = block.text.partition("\n")
    if not _heads(first, rest, following):
        yield block
        return
    line = block.lines[0]
    yield Block(BlockKind.HEADING, (line, line), first.strip(), level=_LABEL_LEVEL)
    if rest.strip():
        yield Block(BlockKind.PARAGRAPH, (line + 1, block.lines[1]), rest)


def _heads(line: str, rest: str, following: Block | None) -> bool:
    if _is_remark(line):
        return False
    if _BOLD_LINE.fullmatch(line):
        return bool(rest.strip() or following) and not _TAKES.search(fold(line))
    folded = fold(line)
    return (
        line.rstrip().endswith((":", "\uff1a"))
        and not rest.strip()
        and len(folded) < 60
        and folded.count(" ") < 5
        and following is not None
        and following.kind in {BlockKind.ITEM, BlockKind.FENCE, BlockKind.TABLE}
        and part_of(line) not in {SectionKind.UNKNOWN, SectionKind.NEVER}
    )


def _is_remark(line: str) -> bool:
    """A label that belongs to the commands beside it, not to a section."""
    if option_label(line):
        return False
    folded = fold(line)
    return is_warning(line) or is_or(line) or is_condition(line) or bool(_REMARK.match(folded))
