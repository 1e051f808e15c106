"""Windows onto a log by line number, whatever its length, in three queries."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import pairwise
from operator import or_

from django.db.models import Q, QuerySet

from rollback_console.engine.states import IN_FLIGHT
from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.models import LogChunk, StepRun

from ..frames import text_of
from .ansi_state import BACK, pen
from .epoch import milliseconds

MOST_LINES = 1_000
MOST_PICKED = 100
LONGEST_LINE = 16 * 1024
MOST_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Window:
    """Lines counted from 0.

    `lines` starts at line `first`; `cut` numbers those too long to show whole. `total` lines
    have begun. `end` is the raw offset after the last line given, where live frames go on;
    `open` says that this line has not ended. `times` holds (line, milliseconds since 1970)
    wherever the moment changes at which lines arrived. `pen` is the SGR in force at the first.
    """

    first: int
    lines: list[str]
    cut: list[int]
    total: int
    end: int
    open: bool
    times: list[tuple[int, int]]
    pen: str


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    at: datetime

    @property
    def shown(self) -> int:
        return min(self.end, self.start + LONGEST_LINE)


def window(run: StepRun, start: int, stop: int) -> Window:
    """Lines [start, stop), at most 1,000 of them and 2 MiB."""
    first = max(min(start, run.lines), 0)
    spans = _within(_spans(run, first, min(stop, run.lines, first + MOST_LINES)))
    if not spans:
        end = run.stored if first >= run.lines else 0
        return Window(first, [], [], run.lines, end, open=False, times=[], pen="")
    rows = _rows(run, spans)
    lines = [_bytes(rows, span.start, span.shown) for span in spans]
    final = run.state not in IN_FLIGHT or spans[-1].end < run.stored
    last, taken = text_of(lines[-1], final=final)
    texts = [line.decode(errors="replace") for line in lines[:-1]] + [last]
    return Window(
        first=first,
        lines=[text.removesuffix("\n") for text in texts],
        cut=[first + i for i, span in enumerate(spans) if span.shown < span.end],
        total=run.lines,
        end=spans[-1].end - (len(lines[-1]) - taken),
        open=_bytes(rows, spans[-1].end - 1, spans[-1].end) != b"\n",
        times=_times(first, spans),
        pen=pen(_bytes(rows, max(spans[0].start - BACK, 0), spans[0].start)),
    )


def tail(run: StepRun, count: int) -> Window:
    """The last `count` lines."""
    return window(run, run.lines - count, run.lines)


def picked(run: StepRun, numbers: list[int]) -> list[tuple[int, str]]:
    """(milliseconds since 1970, text up to 16 KiB) of the lines of those numbers, in order."""
    spans = [span for number in numbers for span in _spans(run, number, number + 1)]
    rows = _rows(run, spans) if spans else []
    lines = (_bytes(rows, span.start, span.shown).decode(errors="replace") for span in spans)
    return [
        (milliseconds(span.at), line.removesuffix("\n"))
        for span, line in zip(spans, lines, strict=True)
    ]


def _spans(run: StepRun, first: int, stop: int) -> list[_Span]:
    """Where each line lies, out of the rows' line starts alone."""
    if stop <= first:
        return []
    begun = _with_starts(run).filter(first_line__lte=first).order_by("-first_line", "-offset")
    offset = begun.values_list("offset", flat=True).first() or 0
    rows = _with_starts(run).filter(offset__gte=offset, first_line__lte=stop).order_by("offset")
    # A line begins in each row, so no more can be wanted; without the bound all are looked at.
    chunks = rows.only("run", "offset", "length", "first_line", "line_starts", "at")[
        : stop - first + 2
    ]
    starts = list(_starts(chunks, first, stop))
    if not starts:
        return []
    ends = [*(start for start, _ in starts[1:]), run.stored]
    spans = [_Span(start, end, at) for (start, at), end in zip(starts, ends, strict=True)]
    return spans[: stop - first]


def _with_starts(run: StepRun) -> QuerySet[LogChunk]:
    # A progress bar fills rows in which no line begins.
    return run.chunks.filter(offset__lt=run.stored).exclude(line_starts=b"")


def _starts(rows: Iterable[LogChunk], first: int, stop: int) -> Iterator[tuple[int, datetime]]:
    for row in rows:
        starts = log_store.line_starts(row)
        for start in starts[max(first - row.first_line, 0) : stop + 1 - row.first_line]:
            yield row.offset + start, row.at


def _times(first: int, spans: list[_Span]) -> list[tuple[int, int]]:
    times: list[tuple[int, int]] = []
    for number, span in enumerate(spans, start=first):
        at = milliseconds(span.at)
        if not times or times[-1][1] != at:
            times.append((number, at))
    return times


def _within(spans: list[_Span]) -> list[_Span]:
    size = 0
    for count, span in enumerate(spans):
        size += span.shown - span.start
        if size > MOST_BYTES and count:
            return spans[:count]
    return spans


def _rows(run: StepRun, spans: list[_Span]) -> list[tuple[int, bytes]]:
    """(offset, bytes) of every row that holds something shown."""
    touching = reduce(or_, (_touching(a, b) for a, b in _ranges(spans)))
    chunks = run.chunks.filter(touching).only("run", "offset", "length", "data").order_by("offset")
    return [(row.offset, log_store.unpack(row)) for row in chunks]


def _ranges(spans: list[_Span]) -> Iterator[tuple[int, int]]:
    """Adjoining spans as one, so that only lines that were cut cost a condition."""
    start = max(spans[0].start - BACK, 0)
    for span, following in pairwise(spans):
        if span.shown < following.start:
            yield start, span.shown
            start = following.start
    yield start, spans[-1].shown
    yield spans[-1].end - 1, spans[-1].end


def _touching(start: int, end: int) -> Q:
    return Q(offset__gt=start - log_store.CHUNK, offset__lt=end)


def _bytes(rows: list[tuple[int, bytes]], start: int, end: int) -> bytes:
    at = max(bisect_right(rows, start, key=lambda row: row[0]) - 1, 0)
    pieces = []
    while start < end and at < len(rows):
        offset, data = rows[at]
        pieces.append(data[max(start - offset, 0) : max(end - offset, 0)])
        start, at = offset + len(data), at + 1
    return b"".join(pieces)
