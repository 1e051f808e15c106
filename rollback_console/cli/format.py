"""Events and log lines as plain lines of a terminal; nothing in them moves its cursor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rollback_console.common.terminal import strip_escapes
from rollback_console.documents.shell.hidden_characters import hidden_mark, show_hidden_in_output


def event_line(event: Mapping[str, Any]) -> str:
    """Such as `12:03:04  Step 2 on app-1 failed, exit 3`; the console writes the sentence."""
    return plain(f"{str(event['at'])[11:19]}  {' '.join(str(event['text']).split())}")


def log_line(number: str, host: str, text: str) -> str:
    """Such as `  2 app-1 | the line`."""
    return plain(f"  {number} {host} | ") + plain(text)


def plain(text: str) -> str:
    """As it would stand at the end, on one line; hidden and control characters by name."""
    shown = strip_escapes(text).rstrip("\r\n").rpartition("\r")[2]
    return show_hidden_in_output(shown).replace("\n", hidden_mark("\n"))
