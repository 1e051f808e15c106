"""The record of the configuration: a page, CSV and JSON, for those who may read it."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date

from rollback_console.audit import kinds
from rollback_console.audit.export import csv_lines, json_pieces
from rollback_console.audit.queries import MAY_READ, ConfigurationFilter, configuration_events
from rollback_console.audit.record import record_change
from rollback_console.common.text import read_row_number
from rollback_console.rollbacks.queries import lists

from ...http.current_user import person
from ...http.rate_limit import costly

MOST = 20_000
"""Events that one export holds, the newest of those that were chosen."""

readers_only = permission_required(MAY_READ, raise_exception=True)


@readers_only
def show_configuration_events(request: HttpRequest) -> HttpResponse:
    """Events, newest first, narrowed by what the address says."""
    chosen = _chosen(request)
    rows = list(configuration_events(chosen)[: lists.PAGE + 1])
    query = request.GET.copy()
    query.pop("before", None)
    page = {
        "events": rows[: lists.PAGE],
        "older": rows[lists.PAGE - 1].seq if len(rows) > lists.PAGE else None,
        "chosen": chosen,
        "kinds": sorted(kinds.KINDS),
        "query": query.urlencode(),
    }
    return render(request, "audit/configuration.html", page)


@readers_only
@costly
def export_csv(request: HttpRequest) -> HttpResponse:
    """The events chosen, a line each; the export goes on record."""
    events = configuration_events(_recorded(request, "csv"))[:MOST]
    answer = HttpResponse(csv_lines(events), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="configuration-events.csv"'
    return answer


@readers_only
@costly
def export_json(request: HttpRequest) -> HttpResponse:
    """The events chosen, as one array; the export goes on record."""
    events = configuration_events(_recorded(request, "json"))[:MOST]
    return HttpResponse(json_pieces(events), content_type="application/json")


def _recorded(request: HttpRequest, form: str) -> ConfigurationFilter:
    query = request.GET.urlencode()
    record_change(kinds.AUDIT_EXPORTED, by=person(request), form=form, narrowed_to=query[:500])
    return _chosen(request)


def _chosen(request: HttpRequest) -> ConfigurationFilter:
    given = request.GET
    return ConfigurationFilter(
        person=given.get("person", "").strip()[:150],
        subject=given.get("subject", "").strip()[:200],
        kind=given.get("kind", "") if given.get("kind", "") in kinds.KINDS else "",
        since=_day(given.get("since", "")),
        until=_day(given.get("until", "")),
        before=read_row_number(given.get("before", "")),
    )


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
