"""The record of the configuration as CSV and JSON, an event at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from rollback_console.common.csv_text import csv_cell

from .models import ConfigurationEvent
from .wording import sentence_of

COLUMNS = (
    *("seq", "at", "kind", "by", "door", "address", "subject_type", "subject_id", "subject"),
    *("text", "changes", "facts", "previous", "hash"),
)


def event_fields(event: ConfigurationEvent) -> dict[str, Any]:
    """One event as JSON values; the time in ISO 8601 UTC."""
    return {
        "seq": event.seq,
        "at": event.at.isoformat(timespec="milliseconds"),
        "kind": event.kind,
        "by": event.by_name,
        "door": event.door,
        "address": event.address,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "subject": event.subject_label,
        "text": sentence_of(event),
        "changes": event.changes,
        "facts": event.facts,
        "previous": event.previous,
        "hash": event.hash,
    }


def csv_lines(events: Iterable[ConfigurationEvent]) -> Iterator[str]:
    """RFC 4180 with a heading line; changes and facts as JSON."""
    yield _line(COLUMNS)
    for event in events:
        fields = event_fields(event)
        yield _line(_cell(fields[name]) for name in COLUMNS)


def json_pieces(events: Iterable[ConfigurationEvent]) -> Iterator[str]:
    """One JSON array."""
    before = "["
    for event in events:
        yield before + json.dumps(event_fields(event), ensure_ascii=False)
        before = ",\n"
    yield "]\n" if before != "[" else "[]\n"


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict) else csv_cell(value)


def _line(cells: Iterable[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
