"""A name somebody misspelled, and the one they probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_NEAR = 0.7


def nearest_name(name: str, known: Iterable[str]) -> str:
    """The known name most like `name`, heeding no case; "" when none is near."""
    by_folded = {each.casefold(): each for each in known}
    near = get_close_matches(name.casefold(), by_folded, n=1, cutoff=_NEAR)
    return by_folded[near[0]] if near else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` Did you mean “app-1”?` with its leading space, or "" when no known name is near."""
    near = nearest_name(name, known)
    return f" Did you mean “{near}”?" if near else ""
