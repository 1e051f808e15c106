"""Waiting for something to become true, instead of for time to pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds: only a test that fails waits so long, so no verdict depends on a slow machine."""


def until(
    look: Callable[[], T],
    what: str = "it becomes true",
    *,
    seconds: float = PATIENCE,
    details: Callable[[], object] = str,
    hopeless: Callable[[], object] = bool,
) -> T:
    """The first true thing `look` returns.

    Fails with `what` and `told()` after `seconds`, and at once when `hopeless()` is true and
    `look` still is not: then nothing is left that could make it so.
    """
    late = time.monotonic() + seconds
    while True:
        vain = hopeless()
        if seen := look():
            return seen
        assert not vain, f"It cannot happen any more: {what}\n{details()}"
        assert time.monotonic() < late, f"Waited in vain: {what}\n{details()}"
        time.sleep(0.02)
