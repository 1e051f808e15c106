"""Plain-text search over a whole stored log, in bounded memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import F

from rollback_console.rollbacks import logs
from rollback_console.rollbacks.models import LogChunk, StepRun

MOST_FOUND = 1_000
LONGEST_QUERY = 200
ROWS = 64


@dataclass(frozen=True, slots=True)
class Found:
    """Numbers of lines, from 0, that hold the text; `more` when the search stopped early."""

    lines: list[int]
    more: bool


def find(run: StepRun, text: str, *, after: int = -1) -> Found:
    """The first 1,000 lines past line `after` that hold `text`.

    ASCII letters match in either case. Raises ValueError unless `text` is one line of 1 to
    200 characters.
    """
    if not text or len(text) > LONGEST_QUERY or "\n" in text:
        raise ValueError("Search for 1 to 200 characters on one line.")
    lines: list[int] = []
    for line in _matching(run, text.encode().lower()):
        if line <= after or (lines and line == lines[-1]):
            continue
        if len(lines) == MOST_FOUND:
            return Found(lines, more=True)
        lines.append(line)
    return Found(lines, more=False)


def page(run: StepRun, offset: int) -> list[LogChunk]:
    """Up to 64 rows from the one that holds byte `offset`.

    Bounded here, because a database driver may buffer a whole result.
    """
    rows = run.chunks.alias(end=F("offset") + F("length"))
    return list(
        rows.filter(offset__gt=offset - logs.CHUNK, end__gt=offset).order_by("offset")[:ROWS]
    )


def rows(run: StepRun) -> Iterator[LogChunk]:
    """Every row, in order and in bounded memory."""
    offset = 0
    while found := page(run, offset):
        yield from found
        offset = found[-1].offset + found[-1].length


def _matching(run: StepRun, needle: bytes) -> Iterator[int]:
    """The line of each match, in order; matches may straddle rows."""
    held, line_before = b"", 0
    for row in rows(run):
        data = held + logs.unpack(row).lower()
        starts = [start + len(held) for start in logs.line_starts(row)]
        at = data.find(needle)
        while at >= 0:
            line = bisect_right(starts, at)
            yield row.first_line + line - 1 if line else line_before
            # The next line: one line counts once.
            at = data.find(needle, starts[line] if line < len(starts) else len(data))
        kept = len(needle) - 1
        held = data[len(data) - kept :] if kept else b""
        line_before = row.first_line + len(starts) - 1
