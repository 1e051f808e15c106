"""Numbers in what a host printed. A host may print anything: what is no number is None, and
never an error."""

from __future__ import annotations

import re

_WHOLE = re.compile(r"[0-9]{1,18}")
_ANYWHERE = re.compile(r"-?[0-9]+")
_LONGEST = 18  # digits; what is longer counts nothing that people have


def read_number(text: str) -> int | None:
    """The number that `text` is, spaces around it aside; None unless it is 1 to 18 ASCII digits."""
    return int(text) if _WHOLE.fullmatch(text := text.strip()) else None


def first_number(text: str) -> int | None:
    """The first number in `text`, which may be negative; None without one or of over 18 digits."""
    match = _ANYWHERE.search(text)
    if match is None or len(match[0].lstrip("-")) > _LONGEST:
        return None
    return int(match[0])
