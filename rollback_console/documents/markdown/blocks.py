"""Markdown as a flat list of blocks with their source lines.

Only block structure is taken from the Markdown parser; inline syntax is read by `fold`,
because its nested brackets are where a parser stops being linear. Containers are flattened:
`depth` counts the lists around a block, `quoted` says a quote is. Raw HTML stays text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from markdown_it import MarkdownIt
from markdown_it.token import Token

from rollback_console.documents.model import Lines

from .normalize_fences import straighten

_CHECKBOX = re.compile(r"\[([ xX✓✔]?)\](?:\s+|$)")
INDENTED = "indented"
TYPED = "typed"
"""What stands in the place of an info string where commands have no fence around them."""


class BlockKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    FENCE = "fence"
    TABLE = "table"
    RULE = "rule"
    HTML = "html"


@dataclass(slots=True, eq=False)
class Block:
    """One block. `lines` is inclusive and 1-based.

    `level` is a heading's; `number` an ordered item's, None for a bullet; `checkbox` says
    an item has one. A fence has `info`, its content in `rows` and `closed`; the first row's
    source line is `first_row`; `spared` says it is not read for commands. A table has its cells in `table`, header first, each
    row with its line. `reading` is kept for whoever reads a block more
    than once; `way` says that a heading opens one of several ways.
    """

    kind: BlockKind
    lines: Lines
    text: str = ""
    level: int = 0
    depth: int = 0
    quoted: bool = False
    number: int | None = None
    checkbox: bool = False
    info: str = ""
    rows: list[str] = field(default_factory=list)
    closed: bool = True
    spared: bool = False
    table: list[tuple[int, list[str]]] = field(default_factory=list)
    reading: object = None
    way: bool = False

    @property
    def first_row(self) -> int:
        return self.lines[0] + (self.info not in {INDENTED, TYPED})


def parse(lines: Sequence[str]) -> list[Block]:
    """All blocks of a document, in source order. Never raises."""
    straight = straighten(lines)
    return _Flattener(straight).flatten(_PARSER.parse("\n".join(straight)))


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table").disable(["reference"])
    parser.core.ruler.disable(["inline"])
    return parser


_PARSER = _parser()


class _Flattener:
    """Walks the parser's tokens once, keeping what containers it is in."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.blocks: list[Block] = []
        self.lists: list[bool] = []
        self.quotes = 0
        self.item: Token | None = None

    def flatten(self, tokens: Sequence[Token]) -> list[Block]:
        position = 0
        while position < len(tokens):
            position = self._take(tokens, position)
        return self.blocks

    def _take(self, tokens: Sequence[Token], at: int) -> int:
        token = tokens[at]
        if token.type == "table_open":
            return self._table(tokens, at)
        if token.type == "inline":
            self._inline(tokens[at - 1], token)
        else:
            self._other(token)
        return at + 1

    def _other(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                self._empty_item()
                self.lists.append(token.type.startswith("ordered"))
            case "bullet_list_close" | "ordered_list_close":
                self.lists.pop()
            case "list_item_open":
                self._empty_item()
                self.item = token
            case "list_item_close":
                self._empty_item()
            case "blockquote_open":
                self.quotes += 1
            case "blockquote_close":
                self.quotes -= 1
            case "fence" | "code_block":
                self._empty_item()
                self._fence(token)
            case "hr":
                self._add(BlockKind.RULE, _span(token))
            case "html_block":
                self._empty_item()
                self._add(BlockKind.HTML, self._trimmed(_span(token)), text=token.content.strip())

    def _add(self, kind: BlockKind, lines: Lines, text: str = "", **more: object) -> None:
        block = Block(kind, lines, text, depth=len(self.lists), quoted=self.quotes > 0)
        for name, value in more.items():
            setattr(block, name, value)
        self.blocks.append(block)

    def _trimmed(self, lines: Lines) -> Lines:
        first, last = lines
        while last > first and not self.lines[last - 1].strip():
            last -= 1
        return first, last

    def _inline(self, opener: Token, token: Token) -> None:
        if opener.type == "heading_open" and not self._is_accidental(opener, token):
            level = int(opener.tag[1])
            self._add(BlockKind.HEADING, _span(opener), text=token.content, level=level)
        elif self.item is not None:
            self._item(token.content, self._trimmed(_span(token)))
        else:
            self._add(BlockKind.PARAGRAPH, self._trimmed(_span(opener)), text=token.content)

    def _is_accidental(self, opener: Token, token: Token) -> bool:
        """A rule typed right under prose makes it a heading nobody meant."""
        return opener.markup in "-=" and (
            "\n" in token.content or token.content.rstrip().endswith((".", "_", ";"))
        )

    def _empty_item(self) -> None:
        """An item that opens with something else than text is still an item."""
        if self.item is not None:
            self._item("", (_span(self.item)[0],) * 2)

    def _item(self, text: str, lines: Lines) -> None:
        token, self.item = self.item, None
        box = _CHECKBOX.match(text)
        ordered = bool(self.lists and self.lists[-1])
        number = int(token.info) if token and ordered and token.info.isdecimal() else None
        text = text[box.end() :] if box else text
        self._add(BlockKind.ITEM, lines, text=text, number=number, checkbox=bool(box))

    def _fence(self, token: Token) -> None:
        rows = token.content.split("\n")
        rows = rows[:-1] if rows and rows[-1] == "" else rows
        first, last = self._trimmed(_span(token))
        if token.type == "code_block":
            # No opener line: rows start at the block's own first line.
            self._add(BlockKind.FENCE, (first, last), info=INDENTED, rows=rows)
            return
        closed = last > first and self._closes(token.markup, self.lines[last - 1])
        self._add(BlockKind.FENCE, (first, last), info=token.info.strip(), rows=rows, closed=closed)

    def _closes(self, markup: str, line: str) -> bool:
        bare = line.strip().lstrip("> ").strip()
        return len(bare) >= len(markup) and bare == markup[0] * len(bare)

    def _table(self, tokens: Sequence[Token], at: int) -> int:
        rows: list[tuple[int, list[str]]] = []
        first, last = self._trimmed(_span(tokens[at]))
        while tokens[at].type != "table_close":
            token = tokens[at]
            if token.type == "tr_open" and token.map:
                rows.append((token.map[0] + 1, []))
            elif token.type == "inline" and rows:
                rows[-1][1].append(token.content.strip())
            at += 1
        self._empty_item()
        self._add(BlockKind.TABLE, (first, last), table=rows)
        return at + 1


def _span(token: Token) -> Lines:
    start, end = token.map or [0, 1]
    return start + 1, max(end, start + 1)
