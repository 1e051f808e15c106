"""What a run of the faults comes to: rows of docs/guarantees.md kept, harm done, and its worst."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests import tally

GUARANTEES = Path(__file__).resolve().parents[2] / "docs" / "guarantees.md"
HARM = ("kills", "freezes", "cuts")


def rows() -> dict[str, list[str]]:
    """Each row of the table of faults with the tests it names, as `file::function`."""
    lines = re.findall(r"^\| ([\d-]+) \|(.*)$", GUARANTEES.read_text(), re.MULTILINE)
    return {row: re.findall(r"`(tests/[\w/]+\.py::\w+)`", rest) for row, rest in lines}


def lines(stats: Mapping[str, list[Any]]) -> Iterator[str]:
    """The summary of a run, from pytest's own reports; nothing where no fault was injected."""
    figures = list(tally.told(report for reports in stats.values() for report in reports))
    counts = sum((Counter(facts["counts"]) for _, facts in figures), Counter[str]())
    if not counts:
        return
    yield _rows_line(_failed_by_test(stats))
    yield "; ".join(f"{counts[kind]} {kind}" for kind in HARM) + " injected"
    yield f"{counts['attempts']} attempts judged, {counts['double effects']} double effects"
    yield f"{counts['bytes']} log bytes compared, {counts['wrong bytes']} lost, repeated or changed"
    slowest, node = max((facts["slowest"], node) for node, facts in figures)
    yield f"{slowest:.1f} s at most from a fault to the next true state ({node})"


def _failed_by_test(stats: Mapping[str, list[Any]]) -> dict[str, bool]:
    """Every test function that ran, and whether anything of it failed."""
    ran = {_function(each): False for each in stats.get("passed", [])}
    bad = {_function(each): True for kind in ("failed", "error") for each in stats.get(kind, [])}
    return ran | bad


def _function(report: Any) -> str:
    return str(report.nodeid).partition("[")[0]


def _rows_line(failed: Mapping[str, bool]) -> str:
    kept, broken, unseen = [], [], []
    for row, tests in rows().items():
        if any(failed.get(test) for test in tests):
            broken.append(row)
        elif all(test in failed for test in tests):
            kept.append(row)
        else:
            unseen.append(row)
    total = sum(map(_width, [*kept, *broken, *unseen]))
    line = f"{sum(map(_width, kept))} of {total} rows of docs/guarantees.md kept"
    line += f"; BROKEN: {', '.join(broken)}" if broken else ""
    return line + (f"; not run whole: {', '.join(unseen)}" if unseen else "")


def _width(row: str) -> int:
    first, _, last = row.partition("-")
    return int(last or first) - int(first) + 1
