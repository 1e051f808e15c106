"""`rails db:migrate:status`: which migrations are up, and which have lost their file."""

from __future__ import annotations

import re

from .effects import Effect, Operation, Reversal

_ROW = re.compile(r"\s*(up|down)\s+(\d{3,14})\s+(.+?)\s*")
_DIGITS = 20
_DATABASE = re.compile(r"\s*database:", re.IGNORECASE)
_NO_FILE = "NO FILE"


def read_rails(text: str, *, steps: int = 1, version: str = "") -> Reversal:
    """What `db:rollback STEP=steps`, or `db:migrate VERSION=version`, would undo.

    The status names migrations and says nothing of what they hold.
    """
    if sum(bool(_DATABASE.match(line)) for line in text.splitlines()) > 1:
        return Reversal("rails", (), "There are several databases: which is meant is not told.")
    rows = [match for line in text.splitlines() if (match := _ROW.fullmatch(line))]
    if not rows:
        return Reversal("rails", (), "db:migrate:status printed no table.")
    up = sorted((row for row in rows if row[1] == "up"), key=lambda row: int(row[2]), reverse=True)
    if version and not version.isdecimal():
        return Reversal("rails", (), f"{version[:40]} is no number of a migration.")
    rows = [row for row in up if int(row[2]) > _number(version)] if version else up[:steps]
    if not rows:
        return Reversal("rails", (), "Nothing would be undone: none is up.", broken=True)
    operations = tuple(_operation(row) for row in rows)
    lost = next((each for each in operations if each.effect is Effect.IRREVERSIBLE), None)
    if lost is None:
        return Reversal("rails", operations)
    problem = f"{lost.migration} has no file in the code there: it cannot be undone."
    return Reversal("rails", operations, problem, broken=True)


def _number(version: str) -> int:
    """A version as it sorts; of more digits than any has, one behind all."""
    return int(version) if len(version) <= _DIGITS else 10**_DIGITS


def _operation(row: re.Match[str]) -> Operation:
    effect = Effect.IRREVERSIBLE if _NO_FILE in row[3] else Effect.UNKNOWN
    return Operation(row[2], row[3].strip("* "), effect)
