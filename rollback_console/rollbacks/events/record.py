"""The one stream of facts: gapless per rollback, each row chained to the last by SHA-256.

Who holds a rollback's row locked gathers what is recorded meanwhile, and writes it in one go.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
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
    gathered = _gathered.get()
    if gathered is not None and gathered.row.pk == rollback.pk:
        return gathered.add(kind, by, facts)
    row = Rollback.objects.select_for_update().only("last_seq", "last_hash").get(pk=rollback.pk)
    events = EventBatch(row)
    event = events.add(kind, by, facts)
    events.write()
    return event


@contextmanager
def gathering_events(row: Rollback) -> Iterator[None]:
    """Write what the block records about `row`, which is locked, at its end and in one go.

    Nothing in the block finds these events in the database. `row` knows the new end of the stream.
    """
    events = EventBatch(row)
    token = _gathered.set(events)
    try:
        yield
    finally:
        _gathered.reset(token)
    events.write()


@dataclass
class EventBatch:
    """Events of one rollback that are not written yet; `row` has the end of its stream."""

    row: Rollback
    events: list[Event] = field(default_factory=list)

    def add(self, kind: str, by: Any, facts: dict[str, Any]) -> Event:
        """The next event of the stream, unsaved."""
        event = Event(
            rollback_id=self.row.pk,
            seq=self.row.last_seq + 1,
            kind=kind,
            by=by,
            facts=facts,
            at=db_clock.now().isoformat(timespec="milliseconds"),
            previous=self.row.last_hash,
        )
        seal_event(event)
        self.row.last_seq, self.row.last_hash = event.seq, event.sha256
        self.events.append(event)
        return event

    def write(self) -> None:
        """Insert the events and move the end of the stream."""
        if not self.events:
            return
        Event.objects.bulk_create(self.events)
        end = {"last_seq": self.row.last_seq, "last_hash": self.row.last_hash}
        Rollback.objects.filter(pk=self.row.pk).update(**end)
        anchors.advance_anchor(
            stream_of(self.row.pk),
            after=(self.events[0].seq - 1, self.events[0].previous),
            count=self.row.last_seq,
            head=self.row.last_hash,
        )
        transaction.on_commit(lambda: _publish(self.events))


_gathered: ContextVar[EventBatch | None] = ContextVar("gathered", default=None)


def _publish(events: Sequence[Event]) -> None:
    """Once they are true: to the log, and one hint to whoever watches."""
    for event in events:
        _log(event)
    change_hints.publish(events[-1].rollback_id, events[-1].seq)


def _log(event: Event) -> None:
    fields = {
        "rollback": event.rollback_id,
        "seq": event.seq,
        "run": event.facts.get("token"),
        "seal": event.seal,
    }
    level = logging.WARNING if KINDS[event.kind].severity is EventSeverity.ALARM else logging.INFO
    log.log(level, event.kind, extra={name: value for name, value in fields.items() if value})


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
