"""One limit for what people write."""

from __future__ import annotations

LONGEST_TEXT = 20_000
"""Characters of one free text: a reason, a note, a finding, a message."""


def text_problem(text: str) -> str:
    """What is wrong with a free text, as a sentence; "" for a good one."""
    if text.strip() and len(text) <= LONGEST_TEXT:
        return ""
    return f"Write between 1 and {LONGEST_TEXT:,} characters."
