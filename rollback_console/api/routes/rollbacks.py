"""Rollbacks: request one, list, read, follow its events."""

from __future__ import annotations

from typing import Annotated

from django.db.models import Prefetch
from django.http import HttpRequest
from ninja import Query, Router, Status

from rollback_console.plans.models import Revision
from rollback_console.rollbacks.actions import requests
from rollback_console.rollbacks.queries import lists

from .. import lookup, pagination
from ..authentication import READ, REQUEST, person
from ..bodies.requests import NewRollback
from ..responses.records import EventPage, event_out
from ..responses.rollbacks import RollbackDetail, RollbackPage, rollback_detail, rollback_out

router = Router(tags=["rollbacks"])

Seq = Annotated[int, Query(ge=0, le=2**63 - 1, description="seq of the last event you know")]
Many = Annotated[int, Query(ge=1, le=1000, description="how many at most")]


@router.post("/rollbacks", auth=REQUEST, response={201: RollbackDetail})
def request_rollback(request: HttpRequest, body: NewRollback) -> Status[RollbackDetail]:
    """Ask for a rollback: what would run is frozen, and decision makers can approve it."""
    made = requests.open_request(
        lookup.revision(body.plan, body.revision),
        by=person(request),
        reason=body.reason,
        trigger=body.trigger,
        choices=body.choices.model_dump(),
    )
    return Status(201, rollback_detail(lookup.rollback(made.pk)))


@router.get("/rollbacks", auth=READ, response=RollbackPage)
def list_rollbacks(
    request: HttpRequest,
    state: str = "",
    environment: str = "",
    service: str = "",
    plan: str = "",
    cursor: pagination.Cursor = "",
    limit: pagination.Limit = 50,
) -> RollbackPage:
    """Rollbacks, newest first, or those in one state, environment, service or of one plan."""
    filters = {
        "state": state,
        "environment__slug": environment,
        "service__slug": service,
        "revision__plan__slug": plan,
        "pk__lt": pagination.after_number(cursor),
    }
    revisions = Revision.objects.defer("source").prefetch_related("plan")
    rows = lists.rows().prefetch_related(Prefetch("revision", revisions))
    rows = lookup.within_limit(rows, environment="environment__slug", service="service__slug")
    rows = rows.filter(**{name: value for name, value in filters.items() if value})
    page, following = pagination.cut(rows.order_by("-pk")[: limit + 1], limit, lambda row: row.pk)
    return RollbackPage(items=[rollback_out(row) for row in page], next=following)


@router.get("/rollbacks/{int:number}", auth=READ, response=RollbackDetail)
def read_rollback(request: HttpRequest, number: int) -> RollbackDetail:
    """One rollback: what was frozen, who decided, what ran, what was checked."""
    return rollback_detail(lookup.rollback(number))


@router.get("/rollbacks/{int:number}/events", auth=READ, response=EventPage)
def list_events(request: HttpRequest, number: int, after: Seq = 0, limit: Many = 200) -> EventPage:
    """Facts past `after`, in order. To follow a rollback, ask again past the last seq you have."""
    row = lookup.rollback(number)
    events = list(
        row.events.filter(seq__gt=after).select_related("by").order_by("seq")[: limit + 1]
    )
    page = events[:limit]
    return EventPage(
        items=[event_out(event) for event in page],
        next=page[-1].seq if len(events) > limit else None,
        last_seq=row.last_seq,
    )
