"""The anchor of a stream: its number of events and its last seal, apart from the events.

An anchor is sealed itself, so that whoever cuts a stream cannot set it back to fit. An older
anchor of the same stream fits an older end, though: that is why the ends of all streams go once
a day into the stream of the configuration, the process log and, where set, an append-only file.
"""

from __future__ import annotations

from typing import Any

from ..models import StreamAnchor
from . import chain

CONFIGURATION = "configuration"


def lock_anchor(stream: str) -> StreamAnchor:
    """The stream's anchor, made when there is none, its row locked until the commit."""
    StreamAnchor.objects.get_or_create(stream=stream)
    return StreamAnchor.objects.select_for_update().get(stream=stream)


def move_anchor(stream: str, *, count: int, head: str) -> None:
    """The stream now ends there. The caller holds whatever lets one writer at a time through."""
    fields = {"count": count, "head": head, "seal": _seal(stream, count, head)}
    if not StreamAnchor.objects.filter(stream=stream).update(**fields):
        StreamAnchor.objects.create(stream=stream, **fields)


def advance_anchor(stream: str, *, after: tuple[int, str], count: int, head: str) -> None:
    """The stream grew, from the number of events and last seal `after`, to these.

    An anchor that is gone, or names another end, stays so: an act of somebody honest must not
    mend what was cut off before, and verify_audit names it.
    """
    fields = {"count": count, "head": head, "seal": _seal(stream, count, head)}
    if after[0] == 0:
        StreamAnchor.objects.get_or_create(stream=stream, defaults=fields)
    else:
        before = StreamAnchor.objects.filter(stream=stream, count=after[0], head=after[1])
        before.update(**fields)


def is_intact(anchor: StreamAnchor) -> bool:
    """Whether the anchor is as the console wrote it."""
    body = _end(anchor.stream, anchor.count, anchor.head)
    if not chain.is_sealed(body, anchor.seal, version=chain.KEYED):
        return False
    return not anchor.unkeyed_count or chain.is_sealed(
        _unkeyed(anchor), anchor.unkeyed_seal, version=chain.KEYED
    )


def anchor_unkeyed(stream: str, *, count: int, head: str) -> StreamAnchor:
    """The unsaved anchor of a stream that began before seals were keyed and ends there now."""
    anchor = StreamAnchor(stream=stream, count=count, head=head, seal=_seal(stream, count, head))
    anchor.unkeyed_count, anchor.unkeyed_head = count, head
    anchor.unkeyed_seal = chain.seal(_unkeyed(anchor))
    return anchor


def accept_unkeyed(stream: str, *, count: int, head: str) -> None:
    """The first `count` events of a stream that has an anchor need no seal."""
    new = anchor_unkeyed(stream, count=count, head=head)
    names = ("unkeyed_count", "unkeyed_head", "unkeyed_seal")
    StreamAnchor.objects.filter(stream=stream).update(
        **{name: getattr(new, name) for name in names}
    )


def _seal(stream: str, count: int, head: str) -> str:
    return chain.seal(_end(stream, count, head))


def _end(stream: str, count: int, head: str) -> dict[str, Any]:
    return {"stream": stream, "count": count, "head": head}


def _unkeyed(anchor: StreamAnchor) -> dict[str, Any]:
    count, head = anchor.unkeyed_count, anchor.unkeyed_head
    return {"stream": anchor.stream, "unkeyed_count": count, "unkeyed_head": head}
