"""Escape sequences go, and nothing else does."""

from __future__ import annotations

import pytest

from rollback_console.common.terminal import strip_escapes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2Jgone\x1b[10;5Hthere", "gonethere"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;a title that never ends", ""),
        ("\x1b(Bplain\x1b", "plain"),
        ("nothing [31m here", "nothing [31m here"),
    ],
)
def test_what_steers_a_terminal_goes_and_the_text_stays(text: str, expected: str) -> None:
    assert strip_escapes(text) == expected
