"""Rollbacks: the list, and the page of one, which changes with its state."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.http import HttpResponseClientRefresh

from rollback_console.common.text import read_row_number
from rollback_console.engine.states import RollbackState
from rollback_console.plans.models import Environment, Service
from rollback_console.rollbacks.execution.approved_snapshot import is_readable
from rollback_console.rollbacks.queries import lists

from ...http.current_user import person
from ...http.lookup import rollback_of
from . import approval, live

BEFORE_START = frozenset(
    {
        RollbackState.REQUESTED,
        RollbackState.APPROVED,
        RollbackState.REJECTED,
        RollbackState.EXPIRED,
        RollbackState.WITHDRAWN,
    }
)
STATES = ("alive", *RollbackState)


def list_rollbacks(request: HttpRequest) -> HttpResponse:
    """Rollbacks, newest first, narrowed by what the address says."""
    chosen = _filter(request)
    matching = lists.filter_rollbacks(chosen)
    page = {
        "rollbacks": matching[: lists.PAGE],
        "older": matching[lists.PAGE - 1].pk if len(matching) > lists.PAGE else None,
        "chosen": chosen,
        "states": STATES,
        "environments": Environment.objects.all(),
        "services": Service.objects.all(),
        "query": _query(request),
    }
    return render(request, "rollbacks/list.html", page)


def show_rollback(request: HttpRequest, number: int) -> HttpResponse:
    """The page where it is decided, until it starts; then the live page."""
    rollback = rollback_of(number)
    if (
        getattr(request, "htmx", False)
        and request.GET.get("seen", rollback.state) != rollback.state
    ):
        return HttpResponseClientRefresh()
    if not is_readable(rollback):
        return render(request, "rollbacks/unreadable.html", {"rollback": rollback}, status=409)
    if rollback.state in BEFORE_START:
        return approval.page(request, rollback, person(request))
    return live.show_live_page(request, rollback)


def _filter(request: HttpRequest) -> lists.Filter:
    given = request.GET
    return lists.Filter(
        state=given.get("state", "") if given.get("state", "") in STATES else "",
        environment=given.get("environment", ""),
        service=given.get("service", ""),
        plan=given.get("plan", ""),
        text=given.get("text", "").strip()[:100],
        before=read_row_number(given.get("before", "")),
    )


def _query(request: HttpRequest) -> str:
    values = request.GET.copy()
    values.pop("before", None)
    return values.urlencode()
