"""Once a day the ends of all streams go where a later deletion of rows cannot follow.

Into the stream of the configuration (so that a removed rollback is missed), the process log, and
the file that AUDIT_ANCHOR_FILE names, which only ever grows.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Value
from django.db.models.functions import Now

from .. import kinds
from ..models import ConfigurationEvent, StreamAnchor
from ..record import record_change
from . import anchors

log = logging.getLogger("rollback_console.audit")

EVERY = timedelta(days=1)
AT_ONCE = 1000
"""Streams whose ends one event holds."""


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """A stream held `count` events, the last with the hash `head`."""

    stream: str
    count: int
    head: str


def anchor_daily() -> int:
    """Put on record the end of each stream that grew, at most once a day; how many that were."""
    if _is_recent():
        return 0
    with transaction.atomic():
        anchors.lock_anchor(anchors.CONFIGURATION)  # one sweeper
        if _is_recent():
            return 0
        return anchor_now()


@transaction.atomic
def anchor_now() -> int:
    """Put on record the end of each stream that grew since the last time; how many that were."""
    grown = StreamAnchor.objects.exclude(written_count=F("count"))
    grown = grown.exclude(stream=anchors.CONFIGURATION)
    ends = [StreamEnd(each.stream, each.count, each.head) for each in grown.iterator()]
    known = list(StreamAnchor.objects.values_list("stream", flat=True))
    ranges = pack_numbers(numbers(known))
    for start in range(0, max(len(ends), 1), AT_ONCE):
        some = ends[start : start + AT_ONCE]
        heads = [[each.stream, each.count, each.head] for each in some]
        facts: dict[str, Any] = {"streams": len(known), "rollbacks": ranges, "heads": heads}
        event = record_change(kinds.STREAMS_ANCHORED, **facts)
    grown.update(written_count=F("count"))
    _write_file([*ends, StreamEnd(anchors.CONFIGURATION, event.seq, event.hash)])
    return len(ends)


def recorded_ends() -> Iterator[StreamEnd]:
    """Every end that was put on record, from the stream of the configuration and the file."""
    for event in ConfigurationEvent.objects.filter(kind=kinds.STREAMS_ANCHORED).iterator():
        for stream, count, head in event.facts.get("heads", []):
            yield StreamEnd(str(stream), int(count), str(head))
    yield from read_file()


def read_file() -> Iterator[StreamEnd]:
    """What AUDIT_ANCHOR_FILE holds; nothing without the setting. Raises OSError, ValueError."""
    if not settings.AUDIT_ANCHOR_FILE or not Path(settings.AUDIT_ANCHOR_FILE).exists():
        return
    with Path(settings.AUDIT_ANCHOR_FILE).open(encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            yield StreamEnd(str(entry["stream"]), int(entry["count"]), str(entry["head"]))


def numbers(streams: Iterable[str]) -> list[int]:
    """The numbers of the rollbacks among these streams, in order."""
    return sorted(int(name.split(":")[1]) for name in streams if name.startswith("rollback:"))


def pack_numbers(given: Iterable[int]) -> str:
    """Sorted numbers as ranges: 1-5,7."""
    ranges: list[list[int]] = []
    for number in given:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def unpack_numbers(text: str) -> Iterator[int]:
    """The numbers that `pack_numbers` wrote."""
    for part in filter(None, text.split(",")):
        low, _, high = part.partition("-")
        yield from range(int(low), int(high or low) + 1)


def _is_recent() -> bool:
    ago = ExpressionWrapper(Now() - Value(EVERY), output_field=DateTimeField())
    return ConfigurationEvent.objects.filter(kind=kinds.STREAMS_ANCHORED, at__gt=ago).exists()


def _write_file(ends: list[StreamEnd]) -> None:
    if not settings.AUDIT_ANCHOR_FILE:
        return
    lines = [
        json.dumps({"stream": each.stream, "count": each.count, "head": each.head}) + "\n"
        for each in ends
    ]
    try:
        with Path(settings.AUDIT_ANCHOR_FILE).open("a", encoding="utf-8") as file:
            file.writelines(lines)
    except OSError as error:
        log.error("AUDIT_ANCHOR_FILE cannot be written: %s", error)  # noqa: TRY400  a sentence
