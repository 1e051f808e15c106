"""What changed between two texts, or two sets of values, as rows for a page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

CONTEXT = 3
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Row:
    """One line: `kind` is kept, added, gone or place; numbers are None on the other side."""

    kind: str
    old: int | None
    new: int | None
    text: str


def lines(old: str, new: str) -> list[Row]:
    """The changed lines with three around them, and a place row before each group."""
    before, after = old.splitlines(), new.splitlines()
    matcher = SequenceMatcher(a=before, b=after, autojunk=False)
    rows: list[Row] = []
    for group in matcher.get_grouped_opcodes(CONTEXT):
        rows.append(Row("place", None, None, f"from line {group[0][3] + 1}"))
        for tag, a1, a2, b1, b2 in group:
            rows += _rows(tag, before, after, (a1, a2), (b1, b2))
    return rows


def values(old: Any, new: Any) -> list[tuple[str, Any, Any]]:
    """Differences between two JSON values, as (dotted path, old, new); None where absent."""
    before, after = dict(_flat(old)), dict(_flat(new))
    return [
        (path, before.get(path), after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def _rows(tag: str, before: list[str], after: list[str], a: Span, b: Span) -> Iterator[Row]:
    if tag == "equal":
        for offset in range(a[1] - a[0]):
            yield Row("kept", a[0] + offset + 1, b[0] + offset + 1, before[a[0] + offset])
        return
    for index in range(*a):
        yield Row("gone", index + 1, None, before[index])
    for index in range(*b):
        yield Row("added", None, index + 1, after[index])


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict) or not value:
        if value not in ({}, [], "", None):
            yield path, value
        return
    for key, inner in value.items():
        yield from _flat(inner, f"{path}.{key}" if path else str(key))
