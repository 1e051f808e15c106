"""Everything of one rollback as one file, and past incidents coming in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Router, Status
from pydantic import BaseModel

from rollback_console.audit import kinds
from rollback_console.audit.record import record_change
from rollback_console.postmortems.archive import writer
from rollback_console.postmortems.archive.streaming import apart
from rollback_console.postmortems.incidents import importer

from .. import lookup
from ..authentication import PLANS, READ, person
from ..bodies.incidents import NewIncident
from ..openapi import RAW, problem_response

router = Router(tags=["archives"])

_EARLY: dict[str, Any] = {"responses": {409: problem_response(409)}, RAW: "application/gzip"}


class IncidentOut(BaseModel):
    """The rollback that a loaded incident became."""

    rollback: int
    state: str
    events: int


@router.get("/rollbacks/{int:number}/archive", auth=READ, openapi_extra=_EARLY)
def read_archive(request: HttpRequest, number: int) -> StreamingHttpResponse:
    """A gzipped tar that `manage.py verify_archive` checks. 409 until the rollback ended."""
    rollback = lookup.rollback(number)
    pieces: Iterator[bytes] | AsyncIterator[bytes] = writer.archive(rollback)
    record_change(kinds.ARCHIVE_EXPORTED, by=person(request), subject=rollback)
    if isinstance(request, ASGIRequest) and isinstance(pieces, Iterator):
        pieces = apart(pieces)
    return StreamingHttpResponse(
        pieces,
        content_type="application/gzip",
        headers={
            "Content-Disposition": f'attachment; filename="{writer.archive_name(rollback)}"',
            "Cache-Control": "no-store",
        },
    )


@router.post("/incidents", auth=PLANS, response={201: IncidentOut})
def load_incident(request: HttpRequest, body: NewIncident) -> Status[IncidentOut]:
    """Load a past incident: it counts in trends and estimates and can never run."""
    lookup.require_unlimited()
    made = importer.load(request.body, by=person(request)).rollback
    out = IncidentOut(rollback=made.pk, state=made.state, events=made.last_seq)
    return Status(201, out)
