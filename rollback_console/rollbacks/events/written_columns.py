"""What an event says of the columns that its act wrote, so that they can be compared with it later.

An event names the columns that its own act changed and no other: else an act of somebody honest
would vouch for what was changed past the console before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Model

from rollback_console.audit.fields import plain_json
from rollback_console.audit.integrity.row_ledger import short_form

from ..models import Event, Rollback

ROW, RUN = "row", "run"
"""Under which name an event keeps columns of the rollback, and of the step run that it is about."""

TIMES_ASKED = ("expires_at", "rung", "approved_at", "start_asked")
"""What a request has anew each time it is open for decisions."""

WHEN_APPROVED = ("approved_at", "expires_at")
WHEN_REQUESTED = (
    *("title", "choices", "requested_at", "pause_asked", "abort_asked"),
    *TIMES_ASKED,
)


def describe_columns(row: Model, names: Iterable[str]) -> dict[str, Any]:
    """The values of these columns as they are in the database now, as an event holds them."""
    chosen = list(names)
    if not chosen:
        return {}
    stored = type(row)._base_manager.only(*chosen).get(pk=row.pk)
    return {name: column_form(stored, name) for name in chosen}


def describe_values(**values: Any) -> dict[str, Any]:
    """Values that the act itself gave, as an event holds them; asks the database nothing."""
    return {name: _form(value) for name, value in values.items()}


def column_form(row: Model, name: str) -> Any:
    """One value as an event holds it."""
    return _form(getattr(row, name))


def _form(value: Any) -> Any:
    """Of lists and tables, which may hold what is nobody's business, the digest."""
    if isinstance(value, dict | list):
        text = json.dumps(plain_json(value), sort_keys=True, ensure_ascii=False)
        return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return short_form(value)


def differing_columns(row: Model, recorded: dict[str, Any]) -> Iterator[str]:
    """The names of the columns that are not what was recorded."""
    for name, value in recorded.items():
        if column_form(row, name) != value:
            yield name


def rollback_flaws(rollback: Rollback, events: Iterable[Event]) -> Iterator[str]:
    """Columns of a rollback that differ from what the last event that wrote them said."""
    recorded: dict[str, Any] = {}
    for event in events:
        recorded.update(event.facts.get(ROW, {}))
    fence = recorded.pop("fence", 0)
    if rollback.fence < fence:  # it rises with each claim, of which no event tells
        yield "the fence in the row, which keeps stale workers from writing, was set back"
    if not rollback.question:  # what stands is then asked anew
        recorded.pop("question", None)
    for name in differing_columns(rollback, recorded):
        yield f"the {name.replace('_', ' ')} in the row is not the one on record"
