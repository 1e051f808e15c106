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
from .kinds import KINDS, Severity
from .redaction import REDACTED, redacted_digests

log = logging.getLogger(__name__)


def record(rollback: Rollback, kind: str, *, by: Any = None, **facts: Any) -> Event:
    """Add one fact about `rollback` inside the caller's transaction.

    Locks the rollback's row to give the next seq. Published as a hint after commit.
    Raises TransactionManagementError outside a transaction, and ValueError for a kind that
    kinds.py does not declare.
    """
    if kind not in KINDS:
        raise ValueError(f"No event is of the kind {kind}. Declare it in events/kinds.py.")
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
    transaction.on_commit(lambda: _publish(event))
    return event


def _publish(event: Event) -> None:
    """Once it is true: to the log, and to whoever watches."""
    fields = {"rollback": event.rollback_id, "seq": event.seq, "run": event.facts.get("token")}
    level = logging.WARNING if KINDS[event.kind].severity is Severity.ALARM else logging.INFO
    log.log(level, event.kind, extra={name: value for name, value in fields.items() if value})
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
    redacted = redacted_digests(rollback.events.filter(kind=REDACTED).order_by("seq"))
    for event in rollback.events.order_by("seq").iterator():
        seq += 1
        if event.seq != seq:
            return Flaw(rollback.pk, seq, "is missing")
        if event.previous != previous or digest(event) != redacted.get(seq, event.sha256):
            return Flaw(rollback.pk, seq, "was changed")
        previous = event.sha256
    if (seq, previous) != (rollback.last_seq, rollback.last_hash):
        return Flaw(rollback.pk, seq + 1, "is missing")
    return None
