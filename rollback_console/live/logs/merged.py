"""The logs of one step's hosts as one, in the order in which their chunks arrived."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from django.db.models import Q, QuerySet

from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.models import LogChunk, Rollback, StepRun

from . import window
from .epoch import microseconds, moment

LINES = 400
CHUNKS = 64


@dataclass(frozen=True, slots=True, order=True)
class MergedCursor:
    """Between two lines: `line` of the chunk `chunk`, which arrived at `at` (microseconds)."""

    at: int
    chunk: int
    line: int

    @classmethod
    def read(cls, text: str) -> MergedCursor:
        """What `str()` wrote. Raises ValueError."""
        at, chunk, line = (int(part) for part in text.split("-"))
        moment(at)
        return cls(at, chunk, line)

    def __str__(self) -> str:
        return f"{self.at}-{self.chunk}-{self.line}"


@dataclass(frozen=True, slots=True)
class MergedLine:
    """Line `number`, from 0, of the run `token` on `host`; `at` is milliseconds since 1970, and
    `cut` whether there is more of the line than `text`."""

    token: str
    host: str
    number: int
    at: int
    text: str
    place: str
    cut: bool


@dataclass(frozen=True, slots=True)
class Merged:
    """Lines in order; `more` lie beyond them, on the side that was asked for."""

    lines: list[MergedLine]
    more: bool


def after(rollback: Rollback, position: int, place: MergedCursor | None) -> Merged:
    """Up to 400 lines that follow `place`, or the first ones.

    A chunk that comes late with an earlier time is not seen: times are the database's, given
    in the order of writing, so that this takes a clock set back.
    """
    runs = _runs(rollback, position)
    chunks = _chunks(runs)
    if place:
        here = moment(place.at)
        chunks = chunks.filter(Q(at__gt=here) | Q(at=here, pk__gte=place.chunk))
    newer = list(chunks.order_by("at", "pk")[: CHUNKS + 1])
    following = (each for each in _lines(runs, newer[:CHUNKS]) if _past(each, place))
    lines = list(islice(following, LINES + 1))
    return Merged(lines[:LINES], len(newer) > CHUNKS or len(lines) > LINES)


def before(rollback: Rollback, position: int, place: MergedCursor | None) -> Merged:
    """Up to 400 lines that lead to `place`, or the last ones."""
    runs = _runs(rollback, position)
    chunks = _chunks(runs)
    if place:
        here = moment(place.at)
        chunks = chunks.filter(Q(at__lt=here) | Q(at=here, pk__lte=place.chunk))
    older = list(chunks.order_by("-at", "-pk")[: CHUNKS + 1])
    lines: list[MergedLine] = []
    for chunk in older[:CHUNKS]:
        lines = [each for each in _lines(runs, [chunk]) if _leads(each, place)] + lines
        if len(lines) > LINES:
            break
    return Merged(lines[-LINES:], len(older) > CHUNKS or len(lines) > LINES)


def _runs(rollback: Rollback, position: int) -> dict[int, StepRun]:
    return {run.pk: run for run in rollback.runs.filter(position=position, stored__gt=0)}


def _chunks(runs: dict[int, StepRun]) -> QuerySet[LogChunk]:
    return LogChunk.objects.filter(run__in=list(runs)).exclude(line_starts=b"")


def _lines(runs: dict[int, StepRun], chunks: list[LogChunk]) -> Iterator[MergedLine]:
    for chunk in chunks:
        run, at = runs[chunk.run_id], microseconds(chunk.at)
        for index, (text, cut) in enumerate(_texts(run, chunk)):
            place = str(MergedCursor(at, chunk.pk, index))
            number = chunk.first_line + index
            yield MergedLine(str(run.token), run.host, number, at // 1000, text, place, cut)


def _texts(run: StepRun, chunk: LogChunk) -> Iterator[tuple[str, bool]]:
    """The lines that begin in a chunk, and whether they were cut; the last one may end in a later
    chunk."""
    data, starts = log_store.unpack(chunk), log_store.line_starts(chunk)
    if not starts:
        return
    for start, end in pairwise(starts):
        yield _shown(data[start : end - 1])
    last = data[starts[-1] :]
    if last.endswith(b"\n"):
        yield _shown(last[:-1])
    else:
        number = chunk.first_line + len(starts) - 1
        page = window.window(run, number, number + 1)
        yield from ((line, bool(page.cut)) for line in page.lines)


def _shown(line: bytes) -> tuple[str, bool]:
    text = line[: window.LONGEST_LINE].decode(errors="replace")
    return text, len(line) > window.LONGEST_LINE


def _past(line: MergedLine, place: MergedCursor | None) -> bool:
    return place is None or MergedCursor.read(line.place) > place


def _leads(line: MergedLine, place: MergedCursor | None) -> bool:
    return place is None or MergedCursor.read(line.place) < place
