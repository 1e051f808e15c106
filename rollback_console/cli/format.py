"""Events and log lines as plain lines of a terminal; nothing in them moves its cursor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|[ -/]*[0-~]?)"
)
_HIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def event_line(event: Mapping[str, Any]) -> str:
    """Such as `12:03:04  Step 2 on app-1 failed, exit 3`; the console writes the sentence."""
    return plain(f"{str(event['at'])[11:19]}  {' '.join(str(event['text']).split())}")


def log_line(position: int, host: str, text: str) -> str:
    """Such as `  2 app-1 | the line`."""
    return plain(f"  {position} {host} | ") + plain(text)


def plain(text: str) -> str:
    """As it would stand at the end, on one line; hidden and control characters by name."""
    shown = _ESCAPES.sub("", text).rstrip("\r\n").rpartition("\r")[2]
    return _HIDDEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", shown)
