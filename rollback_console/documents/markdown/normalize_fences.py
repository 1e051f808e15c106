"""Fences as people indent them, made into fences as Markdown wants them.

A fence pushed too far to the right is an indented block to a Markdown parser, and one whose
content is not pushed as far as its list item ends there. Only white space at the start of
lines changes, and no line is added or removed, so line numbers hold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_FENCE = re.compile(r"(`{3,}|~{3,})([^`]*)$")
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])( +)(?=\S)")


def straighten(lines: Sequence[str]) -> list[str]:
    """The same lines with every fence's opener, content and closer at one indent."""
    out: list[str] = []
    offsets: list[int] = []
    at = 0
    while at < len(lines):
        column, body = _split(lines[at])
        fence = _FENCE.match(body)
        if fence is None:
            offsets = _containers(offsets, column, body)
            out.append(lines[at])
            at += 1
        else:
            end = _end(lines, at, column, fence.group(1))
            out += _aligned(lines[at:end], column, _target(offsets, column))
            at = end
    return out


def _split(line: str) -> tuple[int, str]:
    body = line.lstrip(" \t")
    lead = line[: len(line) - len(body)]
    return len(lead.expandtabs(4)), body


def _containers(offsets: list[int], column: int, body: str) -> list[int]:
    """The content columns of the list items that are open after this line."""
    if not body:
        return offsets
    kept = [offset for offset in offsets if offset <= column]
    item = _ITEM.match(body)
    if item and column < (kept[-1] if kept else 0) + 4:
        return [*kept, column + item.end()]
    return kept if kept or column == 0 else offsets


def _target(offsets: Sequence[int], column: int) -> int:
    """Where the fence belongs: at its item's content, else no further than three in."""
    inside = [offset for offset in offsets if offset <= column]
    base = inside[-1] if inside else 0
    return column if column < base + 4 else base


def _end(lines: Sequence[str], start: int, column: int, markup: str) -> int:
    for index in range(start + 1, len(lines)):
        indent, body = _split(lines[index])
        bare = body.rstrip()
        closes = len(bare) >= len(markup) and bare == markup[0] * len(bare)
        if closes and indent < column + 4:
            return index + 1
    return len(lines)


def _aligned(lines: Sequence[str], column: int, target: int) -> list[str]:
    fence = [" " * target + _dedent(line, column) for line in lines]
    closer = lines[-1].strip()
    if len(lines) > 1 and closer and closer == closer[0] * len(closer) and closer[0] in "`~":
        fence[-1] = " " * target + closer
    return fence


def _dedent(line: str, column: int) -> str:
    """The line without up to `column` columns of its indent; the rest byte for byte."""
    at = width = 0
    while width < column and at < len(line) and line[at] in " \t":
        width += 1 if line[at] == " " else 4 - width % 4
        at += 1
    return " " * (width - column) + line[at:]
