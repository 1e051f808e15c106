"""What a program writes to steer a terminal, and how to be rid of it."""

from __future__ import annotations

import re

# ECMA-48: control sequences, strings up to BEL or ST, and two-character escapes. A string that
# is not ended is taken to the end of the text.
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|[ -/]*[0-~]?)"
)


def strip_escapes(text: str) -> str:
    """The text without escape sequences: colours, movements of the cursor, titles, links."""
    return _ESCAPES.sub("", text)
