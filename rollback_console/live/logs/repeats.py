"""Long runs of lines that say the same over and over, found over a whole stored log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from rollback_console.rollbacks.models import StepRun

from . import search

SHORTEST = 12
"""Lines a run must have; its first and its last one stay in sight."""

MOST_FOLDS = 2_000
_LONGEST = 16 * 1024
_DIGITS = b"0123456789"


@dataclass(frozen=True, slots=True)
class Folds:
    """`folds` are the hidden lines of each run as (first, last), from 0.

    All lines before `next` were looked at; `more` when the search stopped early.
    """

    folds: list[tuple[int, int]]
    next: int
    more: bool


def find(run: StepRun, start: int = 0) -> Folds:
    """Runs of at least 12 lines from line `start` on that differ in nothing but digits."""
    folds: list[tuple[int, int]] = []
    number = min(max(start, 0), run.lines)
    for _, lines in groupby(_lines(run, number)):
        first, number = number, number + sum(1 for _ in lines)
        if number - first >= SHORTEST:
            folds.append((first + 1, number - 2))
        if len(folds) == MOST_FOLDS:
            return Folds(folds, number, more=number < run.lines)
    return Folds(folds, number, more=False)


def _lines(run: StepRun, start: int) -> Iterator[bytes]:
    """Every line from `start` on without its digits and what is too long to show."""
    if start >= run.lines:
        return
    held, skip = b"", -1
    for first_line, starts, data in search.rows(run, search.row_of(run, start)):
        if skip < 0 and not starts:
            continue
        if skip < 0:
            # What stands before the first line start belongs to a line before.
            data, skip = data[starts[0] :], start - first_line
        *whole, held = (held + data.translate(None, _DIGITS)).split(b"\n")
        held = held[:_LONGEST]
        yield from whole[skip:]
        skip = max(skip - len(whole), 0)
    if held:
        yield held
