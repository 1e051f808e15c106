"""Lines of the author's text that a canonical text would not hold: they are kept, folded away.

Confirming a plan must lose nothing: what the reader made nothing of stands under *Left Out*.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from rollback_console.documents.model import PlacedCommand, PlanDocument, Role

from ..markdown.source import split_lines
from .reader import is_canonical
from .spelling import spell

KEPT = "kept from the document as it was written"
_WORD = re.compile(r"\w{2,}")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s")
_STRUCTURE = frozenset({"heading", "title", "front matter", "rule"})
_MOST_WORDS = 0.8  # of a step's line that stand somewhere: a title and its condition part company


def keep_all_lines(document: PlanDocument) -> PlanDocument:
    """The document with whatever its canonical text would not hold of the source left out, under
    the heading it stood under. A source that is canonical already is held by its own reader."""
    if is_canonical(document.source):
        return document
    kept = tuple(_kept(document))
    return replace(document, commands=(*document.commands, *kept))


def _kept(document: PlanDocument) -> Iterator[PlacedCommand]:
    rows = split_lines(document.source)
    heading, last, block = "", 0, list[str]()
    for line, above in _missing(document, rows):
        if block and (above != heading or line - last > 1):
            yield _as_written(heading, block, last)
            block = []
        heading, last = above, line
        block.append(rows[line - 1].strip())
    if block:
        yield _as_written(heading, block, last)


def _as_written(heading: str, block: list[str], last: int) -> PlacedCommand:
    text = "\n".join([heading, *block] if heading else block).replace("```", "'''")
    return PlacedCommand(text, (last - len(block) + 1, last), Role.LEFT_OUT, reason=KEPT)


def _missing(document: PlanDocument, rows: list[str]) -> Iterator[tuple[int, str]]:
    """Each line that would be lost, with the heading above it."""
    text = spell(document)
    whole, words = _bare(text), set(_WORD.findall(text.casefold()))
    kinds = {
        line: part.kind
        for part in document.mapped
        for line in range(part.lines[0], part.lines[1] + 1)
    }
    heading = ""
    for line, row in enumerate(rows, start=1):
        if _HEADING.match(row):
            heading = row.strip()
            continue
        kind, is_held = kinds.get(line), _bare(row) in whole
        if kind not in _STRUCTURE and not (is_held or (kind == "step" and _mostly(row, words))):
            yield line, heading


def _mostly(row: str, words: set[str]) -> bool:
    own = _WORD.findall(row.casefold())
    return sum(word in words for word in own) >= _MOST_WORDS * len(own)


def _bare(text: str) -> str:
    """Letters and digits alone: how a line is marked up and broken says nothing."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())
