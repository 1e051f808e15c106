"""The topics that a target may subscribe to; a kind of event names its own in events/kinds.py."""

from __future__ import annotations

from collections.abc import Iterable

from rollback_console.rollbacks.events import KINDS

TOPICS = {
    "decide": "Approval needed: requested, refreshed, escalated, reminded",
    "break_glass": "Emergency start without approval",
    "decided": "Approved, rejected, withdrawn or expired",
    "started": "Started, or could not start",
    "asked": "An answer is needed: gate, failed, lost or unreachable step",
    "finished": "The rollback ended",
    "message": "Stakeholder updates about a rollback",
    "cadence": "A stakeholder update is due",
    "checklists": "A window of a deployment's checklist begins, or is over with items open",
    "actions": "An action item is due",
    "mentions": "Somebody is mentioned (@name) in a note, comment or postmortem",
    "published": "A postmortem is published",
    "readiness": "Preflight checks of a plan fail",
    "rights": "An Admin granted a right, or reset a password or second factor",
    "proposed": "Monitoring proposes a rollback",
}
"""What a target may hear, with the words that a page uses."""

if unnamed := {kind.topic for kind in KINDS.values() if kind.topic} - set(TOPICS):
    raise ValueError(f"Kinds of event name topics that nobody declared: {', '.join(unnamed)}.")


def known_topics(names: Iterable[str]) -> list[str]:
    """Those of `names` that are topics, in the order of the table."""
    chosen = set(names)
    return [name for name in TOPICS if name in chosen]
