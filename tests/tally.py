"""Counts what faults were injected and what they did, for the summary after `make faults`.

A test calls `struck` where it does harm and `judged` where it measures; `ended` is called by
whatever waits for a true state. What one test counted travels with its report, so that
parallel workers are summed too.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

NAME = "faults"

_counts: Counter[str] = Counter()
_struck_at: float | None = None
_slowest = 0.0


def struck(kind: str, times: int = 1) -> None:
    """Harm was done just now: `kills`, `freezes` or `cuts`."""
    global _struck_at
    _counts[kind] += times
    _struck_at = time.monotonic()


def judged(kind: str, number: int = 1) -> None:
    """A figure measured, whether or not it is as promised."""
    _counts[kind] += number


def ended() -> None:
    """A state that was waited for came true; the first one after a harm ends its time."""
    global _struck_at, _slowest
    if _struck_at is not None:
        _slowest = max(_slowest, time.monotonic() - _struck_at)
        _struck_at = None


def kill(pid: int) -> None:
    """SIGKILL as a fault, not to clear up."""
    os.kill(pid, signal.SIGKILL)
    struck("kills")


def kill_group(pid: int) -> None:
    """SIGKILL to a whole process group, counted once."""
    os.killpg(pid, signal.SIGKILL)
    struck("kills")


@pytest.fixture(autouse=True)
def tally(record_property: Any) -> Iterator[None]:
    """What this one test counts, written into its report."""
    global _struck_at, _slowest
    _counts.clear()
    _struck_at, _slowest = None, 0.0
    yield
    record_property(NAME, {"counts": dict(_counts), "slowest": _slowest})


def told(reports: Iterable[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Node id and figures of each test that counted."""
    for report in reports:
        if getattr(report, "when", "") == "teardown":
            facts = dict(report.user_properties).get(NAME)
            yield from [(report.nodeid, facts)] if facts else []
