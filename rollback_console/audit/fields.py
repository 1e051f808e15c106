"""What of a row goes on record: names and plain values, and of a secret its fingerprint alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field, Model

from .integrity.chain import keyed_digest

_FINGERPRINT = "fingerprint:"

# Whatever is called so is secret, whoever hands it over and in whatever form.
_SECRET_NAMES = frozenset(
    {"passphrase", "password", "private_key", "recovery_codes", "secret", "sha256", "token", "url"}
)

Fields = Mapping[str, Any]


def fingerprint(value: str) -> str:
    """A secret as the record may show it: it changes when the value does, and tells no more."""
    if not value or value.startswith(_FINGERPRINT):
        return value
    return _FINGERPRINT + keyed_digest(value, purpose="fingerprint")[:16]


def snapshot_fields(row: Model, *names: str) -> dict[str, Any]:
    """The row's columns (those named, else all but its key) as the record shows them."""
    fields = {field.name: field for field in row._meta.concrete_fields if not field.primary_key}
    chosen = names or tuple(fields)
    return {name: _shown(row, fields.get(name), name) for name in chosen}


def _shown(row: Model, field: Field[Any, Any] | None, name: str) -> Any:
    if field is None:  # many to many: their names, in order
        return sorted(str(each) for each in getattr(row, name).all())
    value = getattr(row, name)
    if getattr(field, "is_secret", False):
        return fingerprint(value)
    return str(value) if isinstance(value, Model) else value


def changes_between(before: Fields | None, after: Fields | None) -> dict[str, list[Any]]:
    """{field: [old, new]} of what differs; None for a row that was not there before or after."""
    old, new = _plain(before), _plain(after)
    both = {name: [old.get(name), new.get(name)] for name in [*old, *new]}
    return {name: pair for name, pair in both.items() if pair[0] != pair[1]}


def _plain(fields: Fields | None) -> dict[str, Any]:
    return {name: plain_value(name, value) for name, value in (fields or {}).items()}


def plain_value(name: str, value: Any) -> Any:
    """`value` as JSON keeps it, a secret as its fingerprint."""
    if name in _SECRET_NAMES and isinstance(value, str):
        return fingerprint(value)
    return plain_json(value)


def plain_json(value: Any) -> Any:
    """`value` as JSON keeps it."""
    return json.loads(json.dumps(value, cls=_Encoder))


class _Encoder(DjangoJSONEncoder):
    """Whatever JSON has no form for is on record by its name."""

    def default(self, o: Any) -> Any:
        try:
            return super().default(o)
        except TypeError:
            return str(o)
