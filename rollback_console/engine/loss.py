"""What a rollback would cost in data, as one verdict: none, so much, or unknown and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .reversal import Effect, Operation, Reversal


class LossLevel(StrEnum):
    """The verdict in a word. `unknown` is never taken for none."""

    NONE = "none"
    SOME = "some"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Count:
    """How many of `what` would be lost; None when that cannot be told, and `why` not.

    `table` and `column` name where the rows are, when this counts what one operation
    removes; "" for a measure of the plan's author.
    """

    what: str
    rows: int | None
    why: str = ""
    table: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """`counts` holds what is more than nothing; `reasons` why more may go, as sentences."""

    word: LossLevel
    counts: tuple[Count, ...] = ()
    tables: int = 0
    reasons: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The line people decide on: `none`, `1,284 calls, 3 tables`, `unknown, because ...`, and
        `at least 1,284 calls; not known beyond that: ...` where only a part was counted."""
        if self.word is LossLevel.NONE:
            return "none"
        counted = ", ".join(f"{each.rows:,} {each.what}" for each in self.counts)
        if self.tables:
            counted += f"{', ' if counted else ''}{_tables(self.tables)}"
        if self.word is LossLevel.SOME:
            return counted
        first = self.reasons[0]
        more = f" (and {len(self.reasons) - 1} more)" if len(self.reasons) > 1 else ""
        why = f"{first[:1].lower()}{first[1:]}{more}"
        if counted:
            return f"at least {counted}; not known beyond that, because {why}"
        return f"unknown, because {why}"


def assess_loss(
    reversals: Sequence[Reversal],
    counts: Sequence[Count],
    *,
    unmeasured: Sequence[str] = (),
) -> Loss:
    """The verdict over everything that would be undone.

    `unmeasured` names, as sentences, steps that overwrite data and that nothing here tells
    about.
    """
    reasons = [*_reasons(reversals, counts), *unmeasured]
    lost = tuple(each for each in counts if each.rows)
    tables = {each.table for each in lost if each.table}
    if reasons:
        return Loss(LossLevel.UNKNOWN, lost, len(tables), tuple(dict.fromkeys(reasons)))
    return Loss(LossLevel.SOME if lost else LossLevel.NONE, lost, len(tables))


def _reasons(reversals: Sequence[Reversal], counts: Sequence[Count]) -> Iterator[str]:
    counted = {
        (each.table.lower(), each.column.lower()) for each in counts if each.rows is not None
    }
    for reversal in reversals:
        if reversal.problem:
            yield reversal.problem
        for operation in reversal.operations:
            yield from _doubt(operation, counted)
    for each in counts:
        if each.rows is None:
            yield each.why or f"{each.what} could not be counted."


def _doubt(operation: Operation, counted: set[tuple[str, str]]) -> Iterator[str]:
    where = f"{operation.text} ({operation.migration})" if operation.migration else operation.text
    match operation.effect:
        case Effect.GOES if (operation.table.lower(), operation.column.lower()) not in counted:
            yield f"{where} removes data that was not counted."
        case Effect.RUNS_CODE:
            yield f"{where} runs code, and only its author knows what that does to data."
        case Effect.CONVERTED:
            yield f"{where} converts values, and those that do not fit are refused or cut."
        case Effect.UNKNOWN:
            yield f"what {where} does to data is not told."
        case _:
            pass


def _tables(number: int) -> str:
    return "1 table" if number == 1 else f"{number} tables"
