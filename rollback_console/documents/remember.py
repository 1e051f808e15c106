"""Remembering what was said of short texts; long ones are not worth the memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

Result = TypeVar("Result")
_SHORT = 400
_MOST = 4096


def remember_short(function: Callable[[str], Result]) -> Callable[[str], Result]:
    """The function with its last answers for short texts kept. They must not be changed."""
    kept = lru_cache(maxsize=_MOST)(function)

    @wraps(function)
    def remembering(text: str) -> Result:
        return kept(text) if len(text) < _SHORT else function(text)

    return remembering
