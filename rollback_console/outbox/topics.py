"""The topics that a target may subscribe to; a kind of event names its own in events/kinds.py."""

from __future__ import annotations

from collections.abc import Iterable

from rollback_console.rollbacks.events import KINDS

TOPICS = {
    "decide": "Somebody must decide: asked, renewed, escalated, reminded",
    "break_glass": "Break-glass was used",
    "decided": "Approved, rejected, withdrawn or expired",
    "started": "Started, or could not start",
    "asked": "A person is asked: gate, failed, lost or unreachable step",
    "finished": "The rollback ended",
    "message": "Messages that people send about a rollback",
    "cadence": "An update to others is due",
    "actions": "An action item is due",
    "published": "A postmortem is published",
    "readiness": "A plan would not work now",
    "rights": "A right was given, or a password or second factor reset, by an Admin",
    "proposed": "Monitoring proposes a rollback",
}
"""What a target may hear, with the words that a page uses."""

if unnamed := {kind.topic for kind in KINDS.values() if kind.topic} - set(TOPICS):
    raise ValueError(f"Kinds of event name topics that nobody declared: {', '.join(unnamed)}.")


def known_topics(names: Iterable[str]) -> list[str]:
    """Those of `names` that are topics, in the order of the table."""
    chosen = set(names)
    return [name for name in TOPICS if name in chosen]
