"""Plain-text search over a whole stored log, in bounded memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import F

from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.models import LogChunk, StepRun

MOST_FOUND = 1_000
LONGEST_QUERY = 200
ROWS = 256


@dataclass(frozen=True, slots=True)
class SearchMatches:
    """Numbers of lines, from 0, that hold the text; `more` when the search stopped early."""

    lines: list[int]
    more: bool


def find(run: StepRun, text: str, *, after: int = -1, most: int = MOST_FOUND) -> SearchMatches:
    """The first `most` lines past line `after` that hold `text`.

    ASCII letters match in either case. Raises ValueError unless `text` is one line of 1 to
    200 characters.
    """
    if not text or len(text) > LONGEST_QUERY or "\n" in text:
        raise ValueError("Search for 1 to 200 characters on one line.")
    lines: list[int] = []
    for line in _matching(run, text.encode().lower(), row_of(run, after)):
        if line <= after or (lines and line == lines[-1]):
            continue
        if len(lines) == most:
            return SearchMatches(lines, more=True)
        lines.append(line)
    return SearchMatches(lines, more=False)


def page(run: StepRun, offset: int) -> list[LogChunk]:
    """Up to 256 rows from the one that holds byte `offset`.

    Bounded here, because a database driver may buffer a whole result.
    """
    ends = run.chunks.alias(end=F("offset") + F("length"))
    return list(
        ends.filter(offset__gt=offset - log_store.CHUNK, end__gt=offset).order_by("offset")[:ROWS]
    )


def row_of(run: StepRun, after: int) -> int:
    """The offset of a row in which a line not past `after` begins."""
    begun = run.chunks.filter(first_line__lte=max(after, 0)).order_by("-first_line", "-offset")
    return begun.values_list("offset", flat=True).first() or 0


def rows(run: StepRun, start: int) -> Iterator[tuple[int, tuple[int, ...], bytes]]:
    """(first line, line starts, bytes) of rows from offset `start` on.

    They are read 256 at a time, so that memory stays bounded.
    """
    reached = start - 1
    while True:
        later = run.chunks.filter(offset__gt=reached).order_by("offset")
        # With its run: Django would look for that one row by row.
        columns = ("run", "offset", "length", "first_line", "line_starts", "data")
        chunks = list(later.only(*columns)[:ROWS])
        for chunk in chunks:
            yield chunk.first_line, log_store.line_starts(chunk), log_store.unpack(chunk)
        if len(chunks) < ROWS:
            return
        reached = chunks[-1].offset


def _matching(run: StepRun, needle: bytes, start: int) -> Iterator[int]:
    """The line of each match, in order; matches may straddle rows."""
    held, line_before = b"", 0
    kept = len(needle) - 1
    for first_line, begun, data in rows(run, start):
        text = held + data.lower()
        at = text.find(needle)
        if at >= 0:
            starts = [start + len(held) for start in begun]
            for line in _lines(text, needle, at, starts):
                yield first_line + line - 1 if line else line_before
        held = text[len(text) - kept :] if kept else b""
        line_before = first_line + len(begun) - 1


def _lines(text: bytes, needle: bytes, at: int, starts: list[int]) -> Iterator[int]:
    """For each match from `at` on, how many lines have begun there; a line counts once."""
    while at >= 0:
        line = bisect_right(starts, at)
        yield line
        at = text.find(needle, starts[line] if line < len(starts) else len(text))
