"""Reading plans: an ordinary one, and the worst that 256 KiB can hold."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rollback_console.documents import read
from rollback_console.documents.markdown.source import LIMIT
from tests.documents.test_linear import SHAPES

from .rows import Row

SEED = Path(__file__).parents[1] / "tests" / "documents" / "seed.md"


def ordinary_plan() -> Row:
    """A plan of two pages, as it is read on each import and each edit."""
    shortest = min(_seconds(partial(read, SEED.read_text())) for _ in range(5))
    return Row("read a plan of 2 pages", "ms", "", {"ours": shortest * 1000})


def strangest_plan() -> Row:
    """256 KiB of each shape known to cost most, in processor seconds of this process."""
    seconds = {shape: _seconds(partial(read, _filled(shape))) for shape in SHAPES}
    worst = max(seconds, key=lambda shape: seconds[shape])
    return Row(f"read 256 KiB of {worst}", "s", "under 1 s", {"ours": seconds[worst]})


def _filled(shape: str) -> str:
    head, piece = SHAPES[shape]
    return (head + piece * (LIMIT // len(piece)))[:LIMIT]


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
