"""The anchor of a stream: its number of events and the last seal, apart from the events."""

from __future__ import annotations

from typing import Any

from . import chain
from .models import StreamAnchor

CONFIGURATION = "configuration"


def lock_anchor(stream: str) -> StreamAnchor:
    """The stream's anchor, made when there is none, its row locked until the commit."""
    StreamAnchor.objects.get_or_create(stream=stream)
    return StreamAnchor.objects.select_for_update().get(stream=stream)


def move_anchor(anchor: StreamAnchor, *, count: int, head: str) -> None:
    """The stream now ends there."""
    anchor.count, anchor.head = count, head
    anchor.seal = chain.seal(_body(anchor))
    anchor.save(update_fields=["count", "head", "seal"])


def is_intact(anchor: StreamAnchor) -> bool:
    """Whether the anchor is as the console wrote it."""
    return chain.is_sealed(_body(anchor), anchor.seal, version=chain.KEYED)


def _body(anchor: StreamAnchor) -> dict[str, Any]:
    names = ("stream", "count", "head", "unkeyed_count", "unkeyed_head")
    return {name: getattr(anchor, name) for name in names}
