"""The audit: every event of every rollback, and whether the record is whole."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from rollback_console.audit.integrity.row_comparison import configuration_row_flaws
from rollback_console.audit.integrity.verification import configuration_flaws, file_flaws
from rollback_console.rollbacks import events
from rollback_console.rollbacks.permissions.groups import rows_of_roles
from rollback_console.rollbacks.queries import lists

from ... import queries

DIGITS = 18  # what every database takes for a number
NOBODYS = -1


def show_audit(request: HttpRequest) -> HttpResponse:
    """Events, newest first, narrowed by what the address says."""
    given = request.GET
    chosen = queries.EventFilter(
        rollback=_number(given.get("rollback", "")),
        kind=given.get("kind", "") if given.get("kind", "") in events.KINDS else "",
        person=given.get("person", "").strip(),
        before=_number(given.get("before", "")),
    )
    shown = queries.events(chosen)
    query = given.copy()
    query.pop("before", None)
    page = {
        "events": shown[: lists.PAGE],
        "older": shown[lists.PAGE - 1].pk if len(shown) > lists.PAGE else None,
        "chosen": chosen,
        "kinds": sorted(events.KINDS),
        "query": query.urlencode(),
    }
    return render(request, "audit/audit.html", page)


def verification(request: HttpRequest) -> HttpResponse:
    """Verify both streams and name what does not fit; logs are left to the command."""
    rows = configuration_row_flaws(rows_of_roles())
    flaws = [*events.flaws(logs=False), *configuration_flaws(), *rows, *file_flaws()]
    page = {"flaws": flaws, "now": timezone.now()}
    return render(request, "audit/verification.html", page)


def _number(text: str) -> int:
    if not text:
        return 0
    return int(text) if text.isdecimal() and len(text) <= DIGITS else NOBODYS
