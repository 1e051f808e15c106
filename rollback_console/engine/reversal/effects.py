"""The words for what undoing one operation does, beside the class a plan's author gives it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """What becomes of data when one operation is undone."""

    GOES = "goes"
    RETURNS_EMPTY = "returns_empty"
    RENAMED = "renamed"
    CONVERTED = "converted"
    RUNS_CODE = "runs_code"
    KEPT = "kept"
    IRREVERSIBLE = "irreversible"
    UNKNOWN = "unknown"


_SAFE, _DANGEROUS, _BY_HAND = "safe to roll back", "dangerous", "requires data migration"

_USUAL_CLASS: dict[Effect, str] = {
    Effect.GOES: _SAFE,
    Effect.RETURNS_EMPTY: _DANGEROUS,
    Effect.RENAMED: _BY_HAND,
    Effect.CONVERTED: _BY_HAND,
    Effect.RUNS_CODE: _BY_HAND,
    Effect.KEPT: _SAFE,
}
_CONSEQUENCE: dict[Effect, str] = {
    Effect.GOES: "It was added, so undoing removes it, and everything stored in it goes.",
    Effect.RETURNS_EMPTY: "It was removed. It returns empty: only a dump holds what was in it.",
    Effect.RENAMED: "It gets its old name back. No data goes.",
    Effect.CONVERTED: "Its type or rules change back. Values that do not fit are refused or cut.",
    Effect.RUNS_CODE: "Code of the service undoes it. Only its author knows what becomes of data.",
    Effect.KEPT: "It holds no data of its own. Nothing goes.",
    Effect.IRREVERSIBLE: "It cannot be undone: the reversal stops here with an error.",
    Effect.UNKNOWN: "What undoing this does cannot be read from the plan.",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that would be undone.

    `migration` and `text` are as the tool prints them. `table` and `column` name what the
    data is in, as the code or schema calls it now; "" where the tool does not say.
    """

    migration: str
    text: str
    effect: Effect
    table: str = ""
    column: str = ""

    @property
    def consequence(self) -> str:
        """What undoing it does, as a sentence."""
        return _CONSEQUENCE[self.effect]

    @property
    def usual_class(self) -> str:
        """The class that plans commonly put such a migration in; "" when in none."""
        return _USUAL_CLASS.get(self.effect, "")

    @property
    def misleading(self) -> bool:
        """Whether that class promises more than is true."""
        return self.effect is Effect.GOES


@dataclass(frozen=True, slots=True)
class Reversal:
    """What a tool says it would undo, in its order.

    `problem` is why it would not work, or why that cannot be told; "" when it would.
    `broken` says that it would fail or do nothing, rather than that nobody can tell.
    """

    tool: str
    operations: tuple[Operation, ...] = ()
    problem: str = ""
    broken: bool = False

    @property
    def irreversible(self) -> tuple[Operation, ...]:
        """What keeps this from working at all."""
        return tuple(each for each in self.operations if each.effect is Effect.IRREVERSIBLE)
