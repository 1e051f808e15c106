"""Events and log lines as plain lines of a terminal; nothing in them moves its cursor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|[ -/]*[0-~]?)"
)
_HIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SHOWN = ("reason", "question", "answer", "text", "note", "state", "ending", "why")
_PLACES = frozenset({"position", "host"})


def event_line(event: Mapping[str, Any]) -> str:
    """Such as `12:03:04  step 2 app-1  step finished: failed, exit 3`."""
    facts = event.get("facts") or {}
    place = [f"step {facts['position']}"] if facts.get("position") else []
    place += [str(facts["host"])] if facts.get("host") else []
    by = (event.get("by") or {}).get("name", "")
    what = str(event["kind"]).replace(".", " ").replace("_", " ")
    details = _details(facts)
    sentence = f"{what}: {details}" if details else what
    parts = [str(event["at"])[11:19], " ".join(place), f"{by}: {sentence}" if by else sentence]
    return plain("  ".join(part for part in parts if part))


def log_line(position: int, host: str, text: str) -> str:
    """Such as `  2 app-1 | the line`."""
    return plain(f"  {position} {host} | ") + plain(text)


def plain(text: str) -> str:
    """As it would stand at the end, on one line; hidden and control characters by name."""
    shown = _ESCAPES.sub("", text).rstrip("\r\n").rpartition("\r")[2]
    return _HIDDEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", shown)


def _details(facts: Mapping[str, Any]) -> str:
    details = [" ".join(str(facts[name]).split()) for name in _SHOWN if facts.get(name)]
    if facts.get("exit_code") is not None:
        details.append(f"exit {facts['exit_code']}")
    if facts.get("survivors"):
        details.append("still there: " + "; ".join(map(str, facts["survivors"])))
    return ", ".join(dict.fromkeys(details))
