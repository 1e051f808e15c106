"""What each kind of parameter accepts, before any host is asked.

A value never becomes shell text; the patterns stop what a tool would misread, such as a
value that begins like an option.
"""

from __future__ import annotations

import re

from rollback_console.documents.model import PlaceholderKind
from rollback_console.documents.placeholders.kinds import names_secret
from rollback_console.documents.shell.hidden_characters import find_hidden

LONGEST = 4096

_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.@+-]*"
_PATTERNS: dict[str, tuple[str, str]] = {
    "commit": (r"[0-9a-fA-F]{4,64}", "a commit: 4 to 64 hexadecimal digits"),
    "tag": (r"(?!-)(?!.*(\.\.|//|@\{))[^\s~^:?*\[\\]{1,250}", "a tag name as git allows it"),
    "file": (r"(?!-)[^\x00-\x1f]{1,4096}", "a path that does not begin with a dash"),
    "directory": (r"(?!-)[^\x00-\x1f]{1,4096}", "a path that does not begin with a dash"),
    "database": (_NAME, "a database name"),
    "migration": (rf"({_NAME}|zero)", "a migration's name or number"),
    "app": (_NAME, "an application's name"),
    "unit": (_NAME, "a service unit's name"),
    "url": (r"https?://[^\s]+", "an address that begins with http:// or https://"),
    "host": (r"[A-Za-z0-9]([A-Za-z0-9.:-]{0,253})", "a host name or address"),
    "number": (r"-?\d+(\.\d+)?", "a number"),
    "timestamp": (r"[0-9][0-9TZ:._-]{3,40}", "a moment written in digits"),
}


def is_secret(name: str, kind: str) -> bool:
    """Whether its value must be a secret of the environment, and nothing that people type."""
    return kind == PlaceholderKind.SECRET or names_secret(name)


def complaint(kind: str, value: str) -> str:
    """Why `value` is no `kind`, as the end of a sentence; "" when it is one."""
    if not value.strip():
        return "is missing"
    if len(value) > LONGEST or "\x00" in value:
        return f"must be text of at most {LONGEST} characters"
    if "\n" in value or "\t" in value:
        return "must be one line without tabs, as people read it"
    if hidden := find_hidden(value):
        return f"holds a character that nobody sees, {hidden[0].mark}: type it anew"
    pattern, what = _PATTERNS.get(kind, (r"(?s).*", "text"))
    return "" if re.fullmatch(pattern, value) else f"must be {what}"
