"""Whether the rows of the configuration are what the events say that wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import Model

from .. import kinds
from ..models import ConfigurationEvent
from ..record import record_change
from . import anchors, chain
from .protected_tables import TABLES, columns_of, model_of
from .row_ledger import Columns, added, fold, is_secret, key_of, removed, secret_text, shown_value
from .verification import Flaw

_FINGERPRINT = len("fingerprint:")


@dataclass(slots=True)
class _Ledger:
    """What the events say of each row, and which event said it of each column last."""

    rows: dict[str, Columns] = field(default_factory=dict)
    seqs: dict[str, dict[str, int]] = field(default_factory=dict)


def configuration_row_flaws(known: Mapping[str, Columns] | None = None) -> Iterator[Flaw]:
    """Rows that differ from their events, that no event tells of, or that are missing.

    `known` is what needs no event, by the key of the row: what the code itself wrote. An act
    between reading events and reading rows looks like a flaw: what is named was seen twice.
    """
    first = set(_row_flaws(known or {}))
    if first:
        yield from sorted(first & set(_row_flaws(known or {})), key=lambda flaw: flaw.what)


@transaction.atomic
def accept_rows(known: Mapping[str, Columns] | None = None, *, unknown_only: bool) -> int:
    """Put on record, as an alarm, that rows are taken for true as they are; how many.

    With `unknown_only` those alone that no event tells of, as after an upgrade.
    """
    anchors.lock_anchor(anchors.CONFIGURATION)
    ledger = _read_ledger(known or {})
    rows = dict(_protected_rows())
    accepted = [
        added(row)
        for key, row in rows.items()
        if key not in ledger.rows or (not unknown_only and [*_differing(ledger, key, row)])
    ]
    gone = [] if unknown_only else [key for key in ledger.rows if key not in rows]
    missing = [removed(model_of(key.split(":")[0])(pk=key.split(":")[1])) for key in gone]
    if accepted or missing:
        count = len(accepted) + len(missing)
        record_change(kinds.ROWS_ACCEPTED, rows=[*accepted, *missing], count=count)
    return len(accepted) + len(missing)


def _row_flaws(known: Mapping[str, Columns]) -> Iterator[Flaw]:
    ledger = _read_ledger(known)
    rows = dict(_protected_rows())
    for key, row in rows.items():
        for what in _differing(ledger, key, row):
            yield Flaw(anchors.CONFIGURATION, 0, what)
    for key in ledger.rows.keys() - rows.keys():
        noun, pk = TABLES[key.split(":")[0]].noun, key.split(":")[1]
        about = f"(number {pk}, event {max(ledger.seqs.get(key, {}).values(), default=0)})"
        yield Flaw(
            anchors.CONFIGURATION, 0, f"the {noun} that is on record {about} is not there any more"
        )


def _read_ledger(known: Mapping[str, Columns]) -> _Ledger:
    ledger = _Ledger(rows={key: dict(columns) for key, columns in known.items()})
    events = ConfigurationEvent.objects.filter(rows__isnull=False).order_by("seq")
    for seq, rows in events.values_list("seq", "rows").iterator():
        protected = {
            key: value for key, value in (rows or {}).items() if key.split(":")[0] in TABLES
        }
        fold(ledger.rows, protected)
        for key, columns in protected.items():
            ledger.seqs.setdefault(key, {}).update(dict.fromkeys(columns or (), seq))
    return ledger


def _protected_rows() -> Iterator[tuple[str, Model]]:
    for label, table in TABLES.items():
        rows = model_of(label)._base_manager.filter(**table.where).order_by("pk")
        for row in rows.iterator():
            yield key_of(row), row


def _differing(ledger: _Ledger, key: str, row: Model) -> Iterator[str]:
    label = key.split(":")[0]
    name = f"the {TABLES[label].noun} {_name(row)}"
    if key not in ledger.rows:
        yield f"no event tells of {name}"
        return
    for column in columns_of(label):
        if not _agrees(row, column, ledger.rows[key]):
            event = ledger.seqs.get(key, {}).get(column)
            where = f", which event {event} wrote last" if event else ""
            yield f"the {column.replace('_', ' ')} of {name} is not the one on record{where}"


_NONSENSE = (AttributeError, LookupError, TypeError, ValueError)
"""What a row raises that somebody filled with what the console would never write."""


def _name(row: Model) -> str:
    try:
        return str(row)
    except (ObjectDoesNotExist, *_NONSENSE):
        return f"number {row.pk}"


def _agrees(row: Model, name: str, columns: Columns) -> bool:
    if name not in columns:  # a column that is newer than the row's last event
        return _is_default(row, name)
    if is_secret(row, name):
        return _fits_fingerprint(secret_text(row, name), str(columns[name]))
    return bool(shown_value(row, name) == columns[name])


def _is_default(row: Model, name: str) -> bool:
    column = row._meta.get_field(name)
    empty: tuple[Any, ...] = (None, "", [], {})
    default = column.get_default() if hasattr(column, "get_default") else None
    return getattr(row, name) == default or shown_value(row, name) in empty


def _fits_fingerprint(text: str, recorded: str) -> bool:
    """Whether a secret is the one on record, under the present key or a former one."""
    if not text or not recorded:
        return text == recorded
    digests = chain.keyed_digests(text, purpose="fingerprint")
    return any(recorded[_FINGERPRINT:] == each[: len(recorded) - _FINGERPRINT] for each in digests)
