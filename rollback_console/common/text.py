"""Texts that people write: how long one may be, and which row a number in one names."""

from __future__ import annotations

LONGEST_TEXT = 20_000
"""Characters of one free text: a reason, a note, a finding, a message."""


def text_problem(text: str) -> str:
    """What is wrong with a free text, as a sentence; "" for a good one."""
    if text.strip() and len(text) <= LONGEST_TEXT:
        return ""
    return f"Write between 1 and {LONGEST_TEXT:,} characters."


def read_row_number(text: str) -> int:
    """The number of a row as an address or a form names it; 0 for anything else.

    What no database holds as a number is none: SQLite cannot even be asked for it.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
