"""What processes of the version before recorded while a new one had begun: without seals."""

from __future__ import annotations

from django.db import transaction

from rollback_console.audit import kinds
from rollback_console.audit.integrity import anchors
from rollback_console.audit.models import StreamAnchor
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
