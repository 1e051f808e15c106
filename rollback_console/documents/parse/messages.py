"""Messages to send: the text, and the slots a person fills."""

from __future__ import annotations

from rollback_console.documents.model import MessageTemplate

from ..placeholders.find import find_placeholders

# Letters searched for slots: no message anybody sends is longer.
_MOST = 16 * 1024


def message(name: str, text: str, line: int) -> MessageTemplate:
    """A template with its slots; `line` is the source line its text begins on."""
    slots = tuple(dict.fromkeys(one.text for one in find_placeholders(text[:_MOST])))
    return MessageTemplate(name, text, slots, line)
