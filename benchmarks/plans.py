"""Reading plans: an ordinary one, and the worst that 256 KiB can hold."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rollback_console.documents import read
from rollback_console.documents.markdown.source import LIMIT
from tests.documents.test_linear import SHAPES

from .row import OURS, SpeedRow, SpeedTarget

SEED = Path(__file__).parents[1] / "tests" / "documents" / "seed.md"


def ordinary_plan() -> SpeedRow:
    """A plan of two pages, as it is read on each import and each edit."""
    seconds = [_seconds(partial(read, SEED.read_text())) * 1000 for _ in range(5)]
    return SpeedRow("read a plan of 2 pages", "ms", (SpeedTarget(6),), {OURS: seconds})


def strangest_plan() -> SpeedRow:
    """256 KiB of each shape known to cost most, in processor seconds of this process."""
    seconds = {shape: _seconds(partial(read, _filled(shape))) for shape in SHAPES}
    worst = max(seconds, key=lambda shape: seconds[shape])
    again = [_seconds(partial(read, _filled(worst))) for _ in range(2)]
    rounds = {OURS: [seconds[worst], *again]}
    return SpeedRow(f"read 256 KiB of {worst}", "s", (SpeedTarget(0.5),), rounds)


def _filled(shape: str) -> str:
    head, piece = SHAPES[shape]
    return (head + piece * (LIMIT // len(piece)))[:LIMIT]


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
