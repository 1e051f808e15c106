"""`@name` in what people write: whom a text mentions by user name."""

from __future__ import annotations

import re

MENTION = re.compile(r"(?<![\w@.])@([\w][\w.+-]*)")


def mentioned_names(text: str) -> set[str]:
    """The user names that a text mentions, whether or not somebody is called so."""
    return {name.rstrip(".") for name in MENTION.findall(text)}
