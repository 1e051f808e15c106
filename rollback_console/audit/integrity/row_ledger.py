"""What an event says of the rows that it wrote, so that they can be compared with it later.

An event holds {"plans.host:7": {"port": 22}}: of a new row every protected column, of a changed
one those that this act changed and no other (else an act of somebody honest would vouch for
what was changed past the console before), and None for a row that was removed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from ..fields import Fields, changes_between, fingerprint, plain_json
from .protected_tables import TABLES, columns_of, label_of

_LONGEST = 120

Columns = dict[str, Any]
Rows = dict[str, Columns | None]


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that an act wrote; `columns` are those it changed, None for a removed row."""

    key: str
    row: Model
    columns: tuple[str, ...] | None


def added(row: Model) -> RowChange:
    """Every column of this row is what the act says."""
    return RowChange(key_of(row), row, columns_of(label_of(row)))


def changed(row: Model, *columns: str) -> RowChange:
    """The act gave these columns their values."""
    known = columns_of(label_of(row))
    return RowChange(key_of(row), row, tuple(name for name in columns if name in known))


def removed(row: Model) -> RowChange:
    """The act removes this row, or takes back what makes it count."""
    return RowChange(key_of(row), row, None)


def key_of(row: Model) -> str:
    """By which name the record knows a row."""
    return f"{label_of(row)}:{row.pk}"


def subject_changes(subject: Model, before: Fields | None, after: Fields | None) -> list[RowChange]:
    """What an event's own before and after say of its subject, if that is protected."""
    if label_of(subject) not in TABLES or before is None is after:
        return []
    if after is None:
        return [removed(subject)]
    if before is None:
        return [added(subject)]
    return [changed(subject, *changes_between(before, after))]


def describe(changes: Iterable[RowChange]) -> Rows:
    """As an event holds them; what was written is read back from the database."""
    return {each.key: _columns(each) for each in changes if each.columns is None or each.columns}


def _columns(change: RowChange) -> Columns | None:
    if change.columns is None:
        return None
    stored = type(change.row)._base_manager.get(pk=change.row.pk)
    return {name: shown_value(stored, name) for name in change.columns}


def shown_value(row: Model, name: str) -> Any:
    """One value as JSON holds it: short ones plainly, others as a digest, secrets keyed."""
    if is_secret(row, name):
        return fingerprint(secret_text(row, name))
    return short_form(_raw(row, name))


def short_form(raw: Any) -> Any:
    """A value as JSON holds it, a long one as its digest."""
    value = plain_json(raw)
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    if len(text) <= _LONGEST:
        return value
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def is_secret(row: Model, name: str) -> bool:
    """Whether the record shows this column as a fingerprint alone."""
    if name in TABLES[label_of(row)].secret:
        return True
    return bool(getattr(row._meta.get_field(name), "is_secret", False))


def secret_text(row: Model, name: str) -> str:
    """What the fingerprint of a secret column is made of."""
    value = _raw(row, name)
    return value if isinstance(value, str) else json.dumps(plain_json(value), sort_keys=True)


def fold(ledger: dict[str, Columns], rows: Mapping[str, Columns | None]) -> None:
    """Carry what one event says on to what all before it said."""
    for key, columns in rows.items():
        if columns is None:
            ledger.pop(key, None)
        else:
            ledger[key] = {**ledger.get(key, {}), **columns}


def _raw(row: Model, name: str) -> Any:
    field = row._meta.get_field(name)
    if field.many_to_many:
        return sorted(getattr(row, name).values_list("pk", flat=True))
    value = getattr(row, getattr(field, "attname", name))
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value
