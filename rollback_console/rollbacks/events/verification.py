"""Whether every rollback's stream is as it was written, and its rows are what the events say."""

from __future__ import annotations

from collections.abc import Iterator

from rollback_console.audit.integrity.verification import Flaw, anchor_flaws, removed_rollbacks
from rollback_console.audit.models import StreamAnchor

from ..models import Event, Rollback
from .record import digest, is_sealed, stream_of
from .redaction import redacted_digests
from .row_checks import row_flaws


def flaws(*, logs: bool = True) -> Iterator[Flaw]:
    """What is wrong, rollback by rollback: the first bad event of a stream, or rows that differ.

    Without `logs` no log is read: that takes a while where there are many.
    """
    present: set[int] = set()
    for rollback in Rollback.objects.order_by("id").iterator(chunk_size=50):
        present.add(rollback.pk)
        yield from _flaws(rollback, logs)
    yield from removed_rollbacks(present)


def _flaws(rollback: Rollback, logs: bool) -> Iterator[Flaw]:
    events = list(rollback.events.order_by("seq"))
    flaw = _chain_flaw(rollback, events)
    if flaw is not None:
        yield flaw
        return
    hashes = {event.seq: event.sha256 for event in events}
    yield from anchor_flaws(stream_of(rollback.pk), hashes)
    for what in row_flaws(rollback, events, logs=logs):
        yield Flaw(stream_of(rollback.pk), 0, what)


def _chain_flaw(rollback: Rollback, events: list[Event]) -> Flaw | None:
    stream, previous = stream_of(rollback.pk), ""
    unkeyed, redacted = _unkeyed(stream), redacted_digests(events)
    for seq, event in enumerate(events, start=1):
        if event.seq != seq:
            return Flaw(stream, seq, "is missing")
        if event.previous != previous or digest(event) != redacted.get(seq, event.sha256):
            return Flaw(stream, seq, "was changed")
        if seq > unkeyed[0] and not is_sealed(event):
            return Flaw(stream, seq, "was not written by this console: its seal does not fit")
        if seq == unkeyed[0] and event.sha256 != unkeyed[1]:
            return Flaw(stream, seq, "was changed: the anchor names another hash")
        previous = event.sha256
    if (len(events), previous) != (rollback.last_seq, rollback.last_hash):
        return Flaw(stream, len(events) + 1, "is missing")
    return None


def _unkeyed(stream: str) -> tuple[int, str]:
    """How far the part of a stream goes that was written before there were seals."""
    rows = StreamAnchor.objects.filter(stream=stream)
    return rows.values_list("unkeyed_count", "unkeyed_head").first() or (0, "")
