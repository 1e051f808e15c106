"""Readiness as a matrix: a row for each host, a column for each kind of question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rollback_console.plans.models import ProbeResult
from rollback_console.plans.readiness.probes import ProbeVerdict

_ORDER = (
    "access", "database", "runner", "folder", "repository", "commit", "tag", "origin", "migration",
    "tool", "sudo", "user", "space", "keep", "file", "directory", "unit", "health", "reversal",
    "measure",
)  # fmt: skip
_WORST = (ProbeVerdict.NOT_READY, ProbeVerdict.UNKNOWN, ProbeVerdict.READY)


@dataclass(frozen=True, slots=True)
class Cell:
    """The worst answer to one kind of question on one host, and how many there were.

    `verdict` is "" where nothing was asked.
    """

    kind: str
    verdict: str
    number: int
    detail: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """`kinds` head the columns; each row is a host with its cells in the same order."""

    kinds: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def matrix(results: Iterable[ProbeResult]) -> Matrix:
    """The whole of what was heard, drawn together."""
    by_host_and_kind: dict[tuple[str, str], list[ProbeResult]] = {}
    for each in results:
        by_host_and_kind.setdefault((each.host, each.kind), []).append(each)
    kinds = sorted({kind for _, kind in by_host_and_kind}, key=_place)
    every = sorted(
        (each for cell_results in by_host_and_kind.values() for each in cell_results),
        key=lambda one: one.host,
    )
    hosts = list(dict.fromkeys(each.host for each in worst_first(every)))
    rows = [
        (host, tuple(_cell(kind, by_host_and_kind.get((host, kind), [])) for kind in kinds))
        for host in hosts
    ]
    return Matrix(tuple(kinds), tuple(rows))


def worst_first(results: Iterable[ProbeResult]) -> list[ProbeResult]:
    """What would not work before what nobody could tell, and that before what is well."""
    places = {str(verdict): at for at, verdict in enumerate(_WORST)}
    return sorted(results, key=lambda each: places[each.verdict])


def _cell(kind: str, results: list[ProbeResult]) -> Cell:
    for verdict in _WORST:
        if like := [each for each in results if each.verdict == verdict]:
            return Cell(kind, str(verdict), len(results), like[0].detail)
    return Cell(kind, "", 0, "")


def _place(kind: str) -> tuple[int, str]:
    return (_ORDER.index(kind) if kind in _ORDER else len(_ORDER), kind)
