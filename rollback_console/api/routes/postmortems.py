"""What was learned of a rollback, as JSON and as Markdown."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Router

from rollback_console.postmortems.actions import postmortems
from rollback_console.postmortems.models import Postmortem
from rollback_console.postmortems.report import export

from .. import lookup
from ..authentication import READ
from ..openapi import RAW, problem_response

router = Router(tags=["postmortems"], auth=READ)

_EARLY = {409: problem_response(409)}
AS_JSON: dict[str, Any] = {"responses": _EARLY, RAW: "application/json"}
AS_MARKDOWN: dict[str, Any] = {"responses": _EARLY, RAW: "text/markdown"}


@router.get(
    "/rollbacks/{int:number}/postmortem", operation_id="read_postmortem", openapi_extra=AS_JSON
)
@router.get(
    "/rollbacks/{int:number}/postmortem.json",
    operation_id="read_postmortem_json",
    openapi_extra=AS_JSON,
)
def read_postmortem(request: HttpRequest, number: int) -> HttpResponse:
    """Timeline, times, decisions, checks and what people wrote. 409 until the rollback ended."""
    return JsonResponse(export.as_json(_of(number)))


@router.get("/rollbacks/{int:number}/postmortem.md", openapi_extra=AS_MARKDOWN)
def read_postmortem_markdown(request: HttpRequest, number: int) -> HttpResponse:
    """The same as one Markdown document."""
    return HttpResponse(
        export.as_markdown(_of(number)),
        content_type="text/markdown; charset=utf-8",
        headers={"X-Content-Type-Options": "nosniff"},
    )


def _of(number: int) -> Postmortem:
    return postmortems.open_postmortem(lookup.rollback(number))
