"""What many rollbacks show together, as JSON and as CSV."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Query, Router

from rollback_console.postmortems.trends import export
from rollback_console.postmortems.trends.rows import TrendFilter
from rollback_console.postmortems.trends.statistics import Trends, trends
from rollback_console.rollbacks import db_clock

from .. import lookup
from ..authentication import READ
from ..openapi import RAW

router = Router(tags=["trends"], auth=READ)

Slug = Annotated[str, Query(max_length=50, description="its URL slug; empty: every one")]
Days = Annotated[int, Query(ge=0, le=36_500, description="how far back; 0 is all time")]


@router.get("/trends", openapi_extra={RAW: "application/json"})
def read_trends(
    request: HttpRequest, service: Slug = "", environment: Slug = "", days: Days = 90
) -> HttpResponse:
    """Phases, months, success by procedure, steps, estimates, open actions; seconds throughout."""
    return JsonResponse(export.as_json(_told(service, environment, days)))


@router.get("/trends.csv", openapi_extra={RAW: "text/csv"})
def read_trends_csv(
    request: HttpRequest, service: Slug = "", environment: Slug = "", days: Days = 90
) -> HttpResponse:
    """A line for each rollback that ended; seconds throughout."""
    text = export.as_csv(_told(service, environment, days))
    return HttpResponse(
        text,
        content_type="text/csv; charset=utf-8",
        headers={"X-Content-Type-Options": "nosniff"},
    )


def _told(service: str, environment: str, days: int) -> Trends:
    lookup.require_unlimited()
    return trends(TrendFilter(service, environment, days), db_clock.now())
