"""The one stream of facts: gapless per rollback, each row chained to the last by SHA-256."""

from __future__ import annotations

import hashlib
import json
import logging
from typing import Any

from django.db import transaction

from rollback_console.audit.integrity import anchors, chain

from .. import change_hints, db_clock
from ..models import Event, Rollback
from .kinds import KINDS, EventSeverity

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
    seal_event(event)
    event.save(force_insert=True)
    Rollback.objects.filter(pk=rollback.pk).update(last_seq=event.seq, last_hash=event.sha256)
    anchors.move_anchor(stream_of(rollback.pk), count=event.seq, head=event.sha256)
    transaction.on_commit(lambda: _publish(event))
    return event


def _publish(event: Event) -> None:
    """Once it is true: to the log, and to whoever watches."""
    fields = {
        "rollback": event.rollback_id,
        "seq": event.seq,
        "run": event.facts.get("token"),
        "seal": event.seal,
    }
    level = logging.WARNING if KINDS[event.kind].severity is EventSeverity.ALARM else logging.INFO
    log.log(level, event.kind, extra={name: value for name, value in fields.items() if value})
    change_hints.publish(event.rollback_id, event.seq)


def stream_of(number: int) -> str:
    """The name of a rollback's stream among all streams."""
    return f"rollback:{number}"


def seal_event(event: Event) -> None:
    """Give an event whose other fields are set its hash and its seal."""
    event.sha256 = digest(event)
    event.seal = chain.seal(sealed_part(event))


def is_sealed(event: Event) -> bool:
    """Whether the console wrote this event, with its present or a former key."""
    return chain.is_sealed(sealed_part(event), event.seal, version=chain.KEYED)


def sealed_part(event: Event) -> dict[str, Any]:
    """What the seal covers: the hash, which covers all else, and where it stands."""
    return {"stream": stream_of(event.rollback_id), "seq": event.seq, "sha256": event.sha256}


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
