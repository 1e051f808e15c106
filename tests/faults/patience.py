"""Waiting for what must come true, and saying what was there when it did not."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LONG = 120.0
"""Seconds: only a test that fails waits so long."""


def until(
    look: Callable[[], T], what: str, seconds: float = LONG, told: Callable[[], object] = str
) -> T:
    """The first true thing `look` returns; after `seconds` a failure that tells `told()`."""
    late = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < late, f"Waited in vain: {what}\n{told()}"
        time.sleep(0.03)
    return seen
