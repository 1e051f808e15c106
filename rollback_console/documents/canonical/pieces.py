"""The lines of a canonical text as pieces: headings, lines, fields, items, fences, folds.

A line that is none of these is refused; so nothing of a text is ever passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rollback_console.documents.errors import NotCanonical


class PieceKind(StrEnum):
    """What a piece is; its value is how a message calls it."""

    HEADING = "a heading"
    LINE = "a line such as “Only if: ...”"
    FIELD = "a field such as “**Date**: ...”"
    ITEM = "an item of a list"
    BOX = "an item with a box"
    FENCE = "a fence"
    FOLD = "a part folded away"
    FOLD_END = "the end of a part folded away"


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece. `name` is a line's or a field's, a fence's language; `text` what follows it;
    `level` a heading's; `rows` the lines inside a fence."""

    kind: PieceKind
    line: int
    last: int
    text: str = ""
    name: str = ""
    level: int = 0
    rows: tuple[str, ...] = ()


_HEADING = re.compile(r"(#{1,4}) (\S.*)")
_LINE = re.compile(r"([A-Z][a-z]+(?: [a-z]+){0,2}): (\S.*)")
_FIELD = re.compile(r"\*\*([^*]+)\*\*:(?: (\S.*))?")
_BOX = re.compile(r"- \[ \] (\S.*)")
_ITEM = re.compile(r"- (\S.*)")
_SUMMARY = re.compile(r"<summary>(.+)</summary>")
_OPENER = re.compile(r"(`{3,})([^`]*)")


def read_pieces(rows: Sequence[str], begin: int) -> Iterator[Piece]:
    """The pieces of `rows` from the 0-based row `begin` on. Raises NotCanonical."""
    at = begin
    while at < len(rows):
        row, line = rows[at], at + 1
        if opener := _OPENER.fullmatch(row):
            end = next((n for n in range(at + 1, len(rows)) if rows[n] == opener[1]), 0)
            if not end:
                raise NotCanonical(line, f"this fence is never closed: end it with {opener[1]}.")
            language, _, rest = opener[2].strip().partition(" ")
            inside = tuple(rows[at + 1 : end])
            yield Piece(PieceKind.FENCE, line, end + 1, rest, language, rows=inside)
            at = end
        elif row.strip():
            yield _piece(row, line)
        at += 1


def _piece(row: str, line: int) -> Piece:
    if match := _HEADING.fullmatch(row):
        return Piece(PieceKind.HEADING, line, line, match[2].rstrip(), level=len(match[1]))
    if match := _BOX.fullmatch(row):
        return Piece(PieceKind.BOX, line, line, match[1])
    if match := _ITEM.fullmatch(row):
        return Piece(PieceKind.ITEM, line, line, match[1])
    if match := _FIELD.fullmatch(row):
        return Piece(PieceKind.FIELD, line, line, match[2] or "", match[1])
    if match := _LINE.fullmatch(row):
        return Piece(PieceKind.LINE, line, line, match[2], match[1])
    if row == "<details>" or (match := _SUMMARY.fullmatch(row)):
        return Piece(PieceKind.FOLD, line, line, match[1] if row != "<details>" and match else "")
    if row == "</details>":
        return Piece(PieceKind.FOLD_END, line, line)
    raise NotCanonical(
        line,
        f"“{row[:60]}” has no place in the canonical form. Write it as an item (“- ...”), as an "
        "instruction of a step (“Do: ...”), or leave it out.",
    )


@dataclass(slots=True)
class Cursor:
    """Where a reader is among the pieces."""

    pieces: Sequence[Piece]
    at: int = 0

    @property
    def piece(self) -> Piece | None:
        """The next piece; None at the end."""
        return self.pieces[self.at] if self.at < len(self.pieces) else None

    def take(self, *kinds: PieceKind) -> Iterator[Piece]:
        """The next pieces as long as they are of these kinds."""
        while (piece := self.piece) and piece.kind in kinds:
            self.at += 1
            yield piece

    def heading(self, level: int) -> Piece | None:
        """The next piece when it is a heading of this level; it is passed."""
        piece = self.piece
        if piece and piece.kind is PieceKind.HEADING and piece.level == level:
            self.at += 1
            return piece
        return None

    def refuse(self, where: str, allowed: str) -> NotCanonical:
        """What is wrong with the next piece."""
        piece = self.piece
        if piece is None:
            last = self.pieces[-1].last if self.pieces else 1
            return NotCanonical(last, f"{where} ends too early: {allowed} is missing.")
        name = f"“{piece.name or piece.text}”"[:70]
        return NotCanonical(
            piece.line, f"{where} has no place for {piece.kind} ({name}), only for {allowed}."
        )
