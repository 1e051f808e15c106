"""Host questions and the record of them, as people read it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from rollback_console.plans.models import ReadinessEvent

_WHY = {
    "registration": "when the plan was saved",
    "schedule": "on the schedule",
    "request": "for a request",
    "approval": "for an approval",
    "start": "before a start",
    "person": "on request",
}


def command_text(command: Sequence[str]) -> str:
    """An argument list as one would type it."""
    return shlex.join(command)


def event_sentence(event: ReadinessEvent) -> str:
    """What a readiness event says, as a sentence without its subject."""
    plain = ", ".join(
        " ".join(part for part in (kind, subject, account and f"as {account}") if part)
        for kind, subject, account in event.facts.get("plain", [])
    )
    approved = len(event.facts.get("approved", []))
    more = f"; and {approved} approved questions" if approved else ""
    reason = _WHY.get(event.why, event.why)
    return f"asked {reason}, revision {event.revision.number}: {plain or 'nothing'}{more}"
