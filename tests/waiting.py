"""Waiting for something to become true, instead of for time to pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(look: Callable[[], T], patience: float = 30.0) -> T:
    """The first true thing `look` returns, or its last answer after `patience` seconds."""
    limit = time.monotonic() + patience
    while not (seen := look()) and time.monotonic() < limit:
        time.sleep(0.05)
    return seen
