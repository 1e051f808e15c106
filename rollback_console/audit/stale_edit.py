"""Whether a row is still what a form was drawn from, and the difference when it is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core import signing
from django.db.models import Model

from .fields import changes_between, snapshot_fields
from .models import ConfigurationEvent

_SALT = "audit.drawn"


class StaleEdit(Exception):
    """Somebody changed the row meanwhile; `str()` says who, what and what to do."""


def draw_version(row: Model, *names: str) -> str:
    """What a form carries of the row it shows: its fields, secrets as fingerprints."""
    fields = changes_between(None, snapshot_fields(row, *names))
    return signing.dumps(
        {name: new for name, (_, new) in fields.items()}, salt=_SALT, compress=True
    )


def refuse_stale_edit(row: Model, drawn_from: str | None, *names: str) -> None:
    """Raise StaleEdit unless `row` is what `drawn_from` was made of; None asks nothing."""
    if drawn_from is None:
        return
    try:
        drawn: Mapping[str, Any] = signing.loads(drawn_from, salt=_SALT)
    except signing.BadSignature as error:
        raise StaleEdit(
            "This form does not say what it was drawn from. Reload the page and try again."
        ) from error
    if changes := changes_between(drawn, snapshot_fields(row, *names)):
        raise StaleEdit(_sentence(row, changes))


def _sentence(row: Model, changes: Mapping[str, list[Any]]) -> str:
    parts = [
        f"{name.replace('_', ' ')} was {_shown(old)} and is {_shown(new)}"
        for name, (old, new) in changes.items()
    ]
    return (
        f"{row} was changed after this page was opened{_by_whom(row)}: {'; '.join(parts)}. "
        "Nothing was saved. Reload the page and make your change again."
    )


def _by_whom(row: Model) -> str:
    events = ConfigurationEvent.objects.filter(
        subject_type=row._meta.model_name, subject_id=str(row.pk)
    )
    last = events.order_by("-seq").first()
    if last is None:
        return ""
    return f", by {last.by_name or 'the command line'} at {last.at:%H:%M} UTC"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "empty"
    return "empty" if value in ("", None) else str(value)
