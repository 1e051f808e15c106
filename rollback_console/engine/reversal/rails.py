"""`rails db:migrate:status`: which migrations are up, and which have lost their file."""

from __future__ import annotations

import re

from .effects import Effect, Operation, Reversal

_ROW = re.compile(r"\s*(up|down)\s+(\d{3,14})\s+(.+?)\s*")
_NO_FILE = "NO FILE"


def read_rails(text: str, *, steps: int = 1, version: str = "") -> Reversal:
    """What `db:rollback STEP=steps`, or `db:migrate VERSION=version`, would undo.

    The status names migrations and says nothing of what they hold.
    """
    rows = [match for line in text.splitlines() if (match := _ROW.fullmatch(line))]
    if not rows:
        return Reversal("rails", (), "db:migrate:status printed no table.")
    up = sorted((row for row in rows if row[1] == "up"), key=lambda row: row[2], reverse=True)
    rows = [row for row in up if row[2] > version] if version else up[:steps]
    if not rows:
        return Reversal("rails", (), "Nothing would be undone: none is up.", broken=True)
    operations = tuple(_operation(row) for row in rows)
    lost = next((each for each in operations if each.effect is Effect.IRREVERSIBLE), None)
    if lost is None:
        return Reversal("rails", operations)
    problem = f"{lost.migration} has no file in the code there: it cannot be undone."
    return Reversal("rails", operations, problem, broken=True)


def _operation(row: re.Match[str]) -> Operation:
    effect = Effect.IRREVERSIBLE if _NO_FILE in row[3] else Effect.UNKNOWN
    return Operation(row[2], row[3].strip("* "), effect)
