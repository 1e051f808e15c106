"""The configuration as a document, and its record for whatever gathers records elsewhere."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, Field

from rollback_console.audit.export import event_fields
from rollback_console.audit.queries import MAY_READ, ConfigurationFilter, configuration_events
from rollback_console.configuration.apply import apply_configuration, preview_configuration
from rollback_console.configuration.document import ConfigurationError, read_document
from rollback_console.configuration.export import export_configuration, write_document

from .. import lookup, pagination
from ..authentication import ADMIN, READ, person
from ..errors.problems import Problem
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


class ConfigurationDocument(BaseModel):
    """The configuration as YAML; secrets are written `stored`."""

    document: str


class ConfigurationIn(BaseModel):
    """A document (docs/configuration.md). Without `apply` nothing is changed. `prune` removes the
    hosts, host groups, secrets and credentials that the document lacks."""

    document: str = Field(max_length=2 * 1024 * 1024)
    apply: bool = False
    prune: bool = False


class ConfigurationChangeOut(BaseModel):
    """`action` is add, change, left-over or (with `prune`) remove; `text` is it in a line."""

    section: str
    key: str
    action: str
    text: str


class ConfigurationOut(BaseModel):
    """What would change, or what did when `applied`."""

    applied: bool
    changes: list[ConfigurationChangeOut]


@router.get("/configuration", auth=ADMIN, response=ConfigurationDocument)
def read_configuration(request: HttpRequest) -> ConfigurationDocument:
    """Everything that people configured, without a secret. For Admins."""
    _require_admin(request)
    return ConfigurationDocument(document=write_document(export_configuration()))


@router.post("/configuration", auth=ADMIN, response=ConfigurationOut)
def write_configuration(request: HttpRequest, body: ConfigurationIn) -> ConfigurationOut:
    """Say what a document would change, or with `apply` change it: all or nothing."""
    _require_admin(request)
    try:
        desired = read_document(body.document)
        if body.apply:
            changes = apply_configuration(
                desired, by=person(request), may_read=False, prune=body.prune
            )
        else:
            changes = preview_configuration(desired, may_read=False, prune=body.prune)
    except ConfigurationError as error:
        problems = [{"pointer": "#/document", "detail": each} for each in error.problems]
        raise Problem("invalid", str(error), errors=problems) from error
    items = [
        ConfigurationChangeOut(
            section=each.section, key=each.key, action=each.action, text=each.text
        )
        for each in changes
    ]
    return ConfigurationOut(applied=body.apply, changes=items)


def _require_admin(request: HttpRequest) -> None:
    lookup.require_unlimited()
    if not person(request).has_perm("plans.change_environment"):
        raise PermissionDenied("You may not read or write the configuration. Ask an Admin.")
