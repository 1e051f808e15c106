"""`flyway info`: which versions are applied, and which of them have an undo script."""

from __future__ import annotations

import re

from .effects import Effect, Operation, Reversal

_NUMBER = re.compile(r"[0-9]+")
_APPLIED = frozenset({"success", "out of order", "future", "missing"})


def read_flyway(text: str, target: str = "") -> Reversal:
    """What `flyway undo` would undo: the newest version, or all down to `target` inclusive."""
    rows = _rows(text)
    if not rows:
        return Reversal("flyway", (), "flyway info printed no table.")
    rows = [row for row in rows if not _is_undo(row)]
    if failed := next((row for row in rows if "failed" in row["state"].lower()), None):
        problem = f"{failed['version']} has failed there: nothing is undone before a repair."
        return Reversal("flyway", (), problem, broken=True)
    applied = [row for row in rows if row["version"] and row["state"].lower() in _APPLIED]
    rows = [row for row in reversed(applied) if _within(row["version"], target)]
    rows = rows if target else rows[:1]
    if not rows:
        return Reversal("flyway", (), "Nothing would be undone: no such version.", broken=True)
    operations = tuple(_operation(row) for row in rows)
    stuck = next((each for each in operations if each.effect is Effect.IRREVERSIBLE), None)
    if stuck is None:
        return Reversal("flyway", operations)
    problem = f"{stuck.migration} has no undo script: the reversal would stop there."
    return Reversal("flyway", operations, problem, broken=True)


def _is_undo(row: dict[str, str]) -> bool:
    """Whether a row tells of an undo that ran: the version itself has a row of its own."""
    words = (row.get("category", ""), row.get("type", ""))
    return any(word.lower().startswith("undo") for word in words)


def _operation(row: dict[str, str]) -> Operation:
    undoable = row.get("undoable", "").lower() == "yes"
    text = f"{row['version']} {row['description']}"
    return Operation(row["version"], text, Effect.UNKNOWN if undoable else Effect.IRREVERSIBLE)


def _rows(text: str) -> list[dict[str, str]]:
    table = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in text.splitlines()
        if line.strip().startswith("|")
    ]
    if not table or not {"version", "state"} <= {cell.lower() for cell in table[0]}:
        return []
    heads = [cell.lower() for cell in table[0]]
    rows = [dict(zip(heads, cells, strict=True)) for cells in table[1:] if len(cells) == len(heads)]
    return [{"description": "", **row} for row in rows]


def _within(version: str, target: str) -> bool:
    return not target or _parts(version) >= _parts(target)


def _parts(version: str) -> tuple[tuple[int, str], ...]:
    """What sorts as the numbers do, however long a host printed them."""
    parts = version.replace("_", ".").split(".")
    digits = [part.lstrip("0") if _NUMBER.fullmatch(part) else "" for part in parts]
    return tuple((len(part), part) for part in digits)
