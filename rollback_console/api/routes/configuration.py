"""The record of the configuration, for whatever gathers records elsewhere."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel

from rollback_console.audit.export import event_fields
from rollback_console.audit.queries import MAY_READ, ConfigurationFilter, configuration_events

from .. import lookup, pagination
from ..authentication import READ, person
from ..pagination import Cursor, Limit, Next

router = Router(tags=["configuration"])

Text = Annotated[str, Query(max_length=200)]


class ConfigurationEventOut(BaseModel):
    """One act. `changes` holds [old, new] by field; secrets are fingerprints."""

    seq: int
    at: datetime
    kind: str
    by: str
    door: str
    address: str
    subject_type: str
    subject_id: str
    subject: str
    text: str
    changes: dict[str, list[Any]]
    facts: dict[str, Any]
    previous: str
    hash: str


class ConfigurationEventPage(BaseModel):
    """Newest first."""

    items: list[ConfigurationEventOut]
    next: Next


@router.get("/configuration/events", auth=READ, response=ConfigurationEventPage)
def list_configuration_events(
    request: HttpRequest,
    kind: Text = "",
    by: Text = "",
    subject: Text = "",
    since: date | None = None,
    until: date | None = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> ConfigurationEventPage:
    """Who changed, gave, took, signed in or exported what. For Admins and whom they let read it."""
    lookup.require_unlimited()
    if not person(request).has_perm(MAY_READ):
        raise PermissionDenied("You may not read the record of the configuration. Ask an Admin.")
    before = pagination.after_number(cursor) or 0
    chosen = ConfigurationFilter(by, subject, kind, since, until, before)
    rows, following = pagination.cut(
        configuration_events(chosen)[: limit + 1], limit, lambda event: event.seq
    )
    items = [ConfigurationEventOut(**event_fields(event)) for event in rows]
    return ConfigurationEventPage(items=items, next=following)
