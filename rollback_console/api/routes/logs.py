"""A step run's log, byte for byte, and masking in it what slipped through."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router, Status

from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.actions.redactions import redact_text
from rollback_console.rollbacks.models import StepRun

from .. import lookup
from ..authentication import ADMIN, READ, person
from ..bodies.requests import NewRedaction
from ..openapi import RAW
from ..responses.records import EventOut, event_out

router = Router(tags=["logs"])

PIECE = 256 * 1024

Offset = Annotated[
    int, Query(alias="from", ge=0, le=2**63 - 1, description="bytes you have already")
]


@router.get("/step-runs/{uuid:token}/log", auth=READ, openapi_extra={RAW: "text/plain"})
def read_log(request: HttpRequest, token: UUID, offset: Offset = 0) -> StreamingHttpResponse:
    """The raw bytes stored so far, past `from`. Ask again past what you have for more."""
    run = lookup.step_run(token)
    start = min(offset, run.stored)
    pieces = (
        _apart(run, start)
        if isinstance(request, ASGIRequest)
        else log_store.stream(run, start, run.stored)
    )
    return StreamingHttpResponse(
        pieces,
        content_type="text/plain; charset=utf-8",
        headers={
            "Content-Length": str(run.stored - start),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


@router.post("/rollbacks/{int:number}/redactions", auth=ADMIN, response={201: EventOut})
def redact(request: HttpRequest, number: int, body: NewRedaction) -> Status[EventOut]:
    """Mask a text in all logs and events of a rollback, in every form that hosts write.

    For who may change the secrets of its environment. The answer says how much was masked.
    """
    event = redact_text(
        lookup.rollback(number), by=person(request), text=body.text, reason=body.reason
    )
    return Status(201, event_out(event))


async def _apart(run: StepRun, offset: int) -> AsyncIterator[bytes]:
    # An asynchronous iterator: ASGI would gather a synchronous one in memory first.
    read = sync_to_async(_read, thread_sensitive=False)
    while offset < run.stored:
        piece = await read(run, offset, min(PIECE, run.stored - offset))
        if not piece:
            return
        yield piece
        offset += len(piece)


def _read(run: StepRun, offset: int, limit: int) -> bytes:
    # Runs on a thread of its own, whose connection nobody else would give back.
    close_old_connections()
    try:
        return log_store.read_log(run, offset, limit)
    finally:
        close_old_connections()
