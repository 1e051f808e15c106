"""Remembering what was said of a text: many short ones, and the few long ones just asked about."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

Result = TypeVar("Result")
_SHORT = 400
_MOST = 4096
# One fence and its commands are asked about several times in a row; more is not worth the memory.
_FEW = 4


def remember_short(function: Callable[[str], Result]) -> Callable[[str], Result]:
    """The function with its last answers kept. They must not be changed."""
    short = lru_cache(maxsize=_MOST)(function)
    long = lru_cache(maxsize=_FEW)(function)

    @wraps(function)
    def remembering(text: str) -> Result:
        return short(text) if len(text) < _SHORT else long(text)

    return remembering
