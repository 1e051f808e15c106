"""What was redacted on record: an event whose text was masked afterwards still stands in its chain.

The masked event keeps its hash, by which the next one is chained to it. What it says now no
longer has that hash; the event `text.redacted`, further on in the same chain, holds the digest
of what it says now. Anything else that differs was changed.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..models import Event

REDACTED = "text.redacted"
"""A person masked a text: reason, events ({seq: digest of what it says now}), bytes, rows."""


def redacted_digests(events: Iterable[Event]) -> dict[int, str]:
    """By seq, the digest that a masked event has now; a later redaction replaces an earlier."""
    digests: dict[int, str] = {}
    for event in events:
        if event.kind == REDACTED:
            digests |= {int(seq): str(digest) for seq, digest in event.facts["events"].items()}
    return digests
