"""One line of a checklist: whether it has a box, who signs it, and which question it asks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..markdown.blocks import Block, BlockKind
from ..markdown.folded_text import bare_title, fold, plain
from ..vocabulary.labels import split_label

_BOX = re.compile(
    r"\s*(?:[-*+]\s+)?(?:\[[ xX\u2713\u2714]?\]|[\u2610\u2611\u2612\u25a1\u25a2\u2b1c\u2b1b\u2705])\s*"
)
_BLANK = re.compile(r"_{2,}|\.{4,}|\u2026{2,}")
_DATED = re.compile(r"\b(?:date|signed|signature|time|fecha|firma|datum)\b\s*:?.*", re.IGNORECASE)
_GO = re.compile(r"\bgo ?[/-]{1,2} ?no-? ?go\b|\bgo or no-? ?go\b")
_CHOICE = re.compile(r"(?:no-? ?)?go|yes|no|si")
_NEEDED = re.compile(
    r"\b(?:is|do we need|should we|necesario)\b.*\broll(?:ing)?[ -]?back\b"
    r"|\broll[ -]?back\b.*\b(?:needed|required|necessary)\b ?(?:\?|.*\byes\b)"
)
_TABLE_HEAD = re.compile(
    r"#|no|n|nr|item|id|step|done|status|ok|\u2713|check(?:ed)?|y/n|yes/no|box"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its number; `box` says that it has one to tick. `cells` are those of a table's
    row, its header left out."""

    text: str
    line: int
    box: bool
    listed: bool = False
    cells: tuple[str, ...] = ()


def lines_of(block: Block) -> Iterator[Line]:
    """Each line of an item or a paragraph, and each row of a table. Commands are none."""
    if block.kind is BlockKind.TABLE:
        yield from _rows(block)
    elif block.kind in {BlockKind.ITEM, BlockKind.PARAGRAPH} and not block.quoted:
        yield from _text_lines(block)


def go_no_go(text: str) -> bool:
    """Whether it asks for the decision to deploy."""
    return bool(_GO.search(fold(text)))


def is_choice(text: str) -> bool:
    """Whether it is one of the answers to a decision, such as NO-GO, and nothing to do."""
    return bool(_CHOICE.fullmatch(fold(text)))


def asks_for_rollback(text: str) -> bool:
    """Whether it asks if a rollback is needed."""
    return bool(_NEEDED.search(f"{fold(text)}{'?' if '?' in text else ''}"))


def signer_of(line: Line) -> tuple[str, str]:
    """Role and name of who signs: the role is "" where nobody does, the name where it is blank."""
    if line.cells:
        role, name = line.cells[0], line.cells[1] if len(line.cells) > 1 else ""
    else:
        role, name = split_label(line.text)
        role, name = (role, name) if role else _blank_after(line.text)
    return bare_title(role)[:60], name_in(name)


def name_in(value: str) -> str:
    """The name that stands where one is to be filled in; "" for a blank."""
    return _BLANK.sub("", _DATED.sub("", plain(value))).strip(" \t:|,;-–—()[]")[:150]


def _blank_after(text: str) -> tuple[str, str]:
    blank = _BLANK.search(text)
    return (text[: blank.start()].strip(" :"), "") if blank else ("", "")


def _text_lines(block: Block) -> Iterator[Line]:
    for at, text in enumerate(block.text.split("\n")):
        mark = _BOX.match(text)
        box = bool(mark) or (at == 0 and block.checkbox)
        bare = text[mark.end() :] if mark else text
        # A line that goes on is part of the item above it.
        listed = block.kind is BlockKind.ITEM and at == 0
        yield Line(bare.strip(), block.lines[0] + at, box, listed=listed or bool(mark))


def _rows(block: Block) -> Iterator[Line]:
    """The item of a row is its first cell that is neither a number nor a box."""
    head = [fold(cell) for cell in block.table[0][1]] if block.table else []
    for line, cells in block.table[1:]:
        box = any(_BOX.fullmatch(cell) for cell in cells)
        texts = [
            plain(_BOX.sub("", cell, count=1))
            for at, cell in enumerate(cells)
            if at >= len(head) or not _is_aside(head[at], cell)
        ]
        yield Line(texts[0] if texts else "", line, box, listed=True, cells=tuple(texts))


def _is_aside(head: str, cell: str) -> bool:
    """A column of numbers or boxes. Of the heading `#` nothing is left when it is folded."""
    bare = cell.strip()
    if _BOX.fullmatch(bare):
        return True
    aside = not head or bool(_TABLE_HEAD.fullmatch(head))
    return aside and (not bare or bare.rstrip(".").isdecimal())
