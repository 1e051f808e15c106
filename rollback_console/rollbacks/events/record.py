"""The one stream of facts: gapless per rollback, each row chained to the last by SHA-256."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from .. import change_hints, db_clock
from ..models import Event, Rollback

log = logging.getLogger(__name__)

# What may be turned into messages while a request is decided. `to` lists whom it concerns, as
# {"person": id of the user, "name", "role"}, each person once; moments are ISO 8601 in UTC.
# rollback.requested and rollback.renewed carry `rung` and `to` as well.
APPROVAL_ESCALATED = "approval.escalated"
"""Nobody decided in time, so more are asked: from_rung, rung, to, next_at ("" for never)."""
APPROVAL_REMINDED = "approval.reminded"
"""A request expires soon, undecided: expires_at, minutes_left, rung, to."""
APPROVAL_NUDGED = "approval.nudged"
"""A person asks those who decide once more: rung, to."""
APPROVAL_ASKED = "approval.asked"
"""A question about a request: text, to (who asked for it)."""
APPROVAL_ANSWERED = "approval.answered"
"""The answer to one: question (seq of the event), text, to (who put it)."""
BREAK_GLASS_USED = "break_glass.used"
"""Started without the approvals it needed: reason, snapshot, given, quorum, to (all owners)."""
BREAK_GLASS_REFUSED = "break_glass.refused"
"""Somebody tried to, and was refused: why."""
BREAK_GLASS_REVIEWED = "break_glass.reviewed"
"""Somebody else looked at it and closed the review: finding, to (who used it, who asked)."""


def record(rollback: Rollback, kind: str, *, by: Any = None, **facts: Any) -> Event:
    """Add one fact about `rollback` inside the caller's transaction.

    Locks the rollback's row to give the next seq. Published as a hint after commit.
    Raises TransactionManagementError outside a transaction.
    """
    row = Rollback.objects.select_for_update().only("last_seq", "last_hash").get(pk=rollback.pk)
    event = Event(
        rollback_id=rollback.pk,
        seq=row.last_seq + 1,
        kind=kind,
        by=by,
        facts=facts,
        at=db_clock.now().isoformat(timespec="milliseconds"),
        previous=row.last_hash,
    )
    event.sha256 = digest(event)
    event.save(force_insert=True)
    Rollback.objects.filter(pk=rollback.pk).update(last_seq=event.seq, last_hash=event.sha256)
    transaction.on_commit(lambda: _tell(event))
    return event


def _tell(event: Event) -> None:
    """Once it is true: to the log, and to whoever watches."""
    named = {"rollback": event.rollback_id, "seq": event.seq, "run": event.facts.get("token")}
    log.info(event.kind, extra={name: value for name, value in named.items() if value})
    change_hints.publish(event.rollback_id, event.seq)


def digest(event: Event) -> str:
    """SHA-256 over the predecessor's hash and the canonical JSON of the fact."""
    body = {
        "rollback": event.rollback_id,
        "seq": event.seq,
        "kind": event.kind,
        "by": event.by_id,
        "facts": event.facts,
        "at": event.at,
        "previous": event.previous,
    }
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first place where a rollback's stream is not what was written."""

    rollback: int
    seq: int
    what: str


def flaws() -> Iterator[Flaw]:
    """One Flaw for each rollback whose events were edited, removed or cut short."""
    for rollback in Rollback.objects.only("id", "last_seq", "last_hash").order_by("id").iterator():
        if flaw := _flaw(rollback):
            yield flaw


def _flaw(rollback: Rollback) -> Flaw | None:
    seq, previous = 0, ""
    for event in rollback.events.order_by("seq").iterator():
        seq += 1
        if event.seq != seq:
            return Flaw(rollback.pk, seq, "is missing")
        if event.previous != previous or event.sha256 != digest(event):
            return Flaw(rollback.pk, seq, "was changed")
        previous = event.sha256
    if (seq, previous) != (rollback.last_seq, rollback.last_hash):
        return Flaw(rollback.pk, seq + 1, "is missing")
    return None
