"""What processes of the version before recorded while a new one had begun: without seals."""

from __future__ import annotations

from django.db import transaction

from rollback_console.audit import kinds
from rollback_console.audit.integrity import anchors
from rollback_console.audit.models import ConfigurationEvent, StreamAnchor
from rollback_console.audit.record import record_change

from ..models import Event, Rollback
from .record import stream_of


@transaction.atomic
def accept_unsealed() -> list[int]:
    """Anchor every stream that holds events without a seal as it is now; on record, by number.

    Only for the end of an upgrade: it takes what is there for true.
    """
    unsealed = Event.objects.filter(seal="").order_by().values_list("rollback", flat=True)
    accepted = [number for number in sorted(set(unsealed)) if _accept(number)]
    if accepted:
        record_change(kinds.UNSEALED_ACCEPTED, rollbacks=accepted)
    return accepted


@transaction.atomic
def accept_lost_anchors() -> list[str]:
    """Anchor each stream whose anchor is gone as it ends now; on record, by name.

    Only after somebody repaired the database by hand: it takes what is there for true.
    """
    known = set(StreamAnchor.objects.exclude(seal="").values_list("stream", flat=True))
    ends = Rollback.objects.filter(last_seq__gt=0).values_list("pk", "last_seq", "last_hash")
    lost = [each for each in ends if stream_of(each[0]) not in known]
    for number, count, head in lost:
        anchors.move_anchor(stream_of(number), count=count, head=head)
    names = [stream_of(number) for number, _, _ in lost]
    last = ConfigurationEvent.objects.order_by("-seq").first()
    if last is not None and anchors.CONFIGURATION not in known:
        anchors.lock_anchor(anchors.CONFIGURATION)
        anchors.move_anchor(anchors.CONFIGURATION, count=last.seq, head=last.hash)
        names.append(anchors.CONFIGURATION)
    if names:
        record_change(kinds.ANCHORS_ACCEPTED, streams=names, count=len(names))
    return names


def _accept(number: int) -> bool:
    row = Rollback.objects.select_for_update().get(pk=number)
    last = row.events.filter(seal="").latest("seq")
    stream = stream_of(number)
    old = StreamAnchor.objects.filter(stream=stream).first()
    if old is not None and old.unkeyed_count == last.seq:
        return False
    anchors.move_anchor(stream, count=row.last_seq, head=row.last_hash)
    anchors.accept_unkeyed(stream, count=last.seq, head=last.sha256)
    return True
