"""The table: which kind of event belongs to which topic, and how its title begins."""

from __future__ import annotations

from collections.abc import Iterable

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
    "proposed": "Monitoring proposes a rollback",
}
"""What a target may hear, with the words that a page uses."""

_KINDS = {
    "rollback.requested": ("decide", "Decision wanted"),
    "rollback.renewed": ("decide", "Decision wanted again"),
    "approval.escalated": ("decide", "Decision wanted, next rung"),
    "approval.reminded": ("decide", "Decision still wanted"),
    "approval.nudged": ("decide", "Decision asked for again"),
    "approval.asked": ("asked", "A question before the decision"),
    "approval.answered": ("asked", "An answer before the decision"),
    "rollback.approved": ("decided", "Approved"),
    "approval.rejected": ("decided", "Rejected"),
    "rollback.withdrawn": ("decided", "Withdrawn"),
    "rollback.expired": ("decided", "Expired"),
    "rollback.started": ("started", "Started"),
    "start.refused": ("started", "Could not start"),
    "snapshot.changed": ("asked", "Alarm: what was approved was changed"),
    "gate.opened": ("asked", "Waiting for a go"),
    "question.asked": ("asked", "A person is asked"),
    "rollback.finished": ("finished", "Ended"),
    "readiness.lost": ("readiness", "It would not work any more"),
    "readiness.regained": ("readiness", "It would work again"),
    "message.sent": ("message", "Update"),
}
_FAMILIES = {"break_glass.": ("break_glass", "Break-glass")}


def of(kind: str) -> tuple[str, str]:
    """The topic of a kind of event and the beginning of its title; ("", "") for none."""
    if kind in _KINDS:
        return _KINDS[kind]
    family = kind.partition(".")[0] + "."
    return _FAMILIES.get(family, ("", ""))


def known(names: Iterable[str]) -> list[str]:
    """Those of `names` that are topics, in the order of the table."""
    wanted = set(names)
    return [name for name in TOPICS if name in wanted]
