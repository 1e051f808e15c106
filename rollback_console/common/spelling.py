"""A name somebody misspelled, and the one they probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

_NEAR = 0.7


def nearest_name(name: str, known: Iterable[str]) -> str:
    """The known name most like `name`, the first of equals; "" when none is near. Heeds no case."""
    likeness = {
        each: SequenceMatcher(None, each.casefold(), name.casefold()).ratio() for each in known
    }
    nearest = max(likeness, key=likeness.__getitem__, default="")
    return nearest if likeness.get(nearest, 0) >= _NEAR else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` Did you mean “app-1”?` with its leading space, or "" when no known name is near."""
    near = nearest_name(name, known)
    return f" Did you mean “{near}”?" if near else ""
