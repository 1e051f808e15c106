"""The first page, and what a new console still needs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from rollback_console.rollbacks.queries import lists

from ...http.current_user import admin_only, is_admin, person
from ...presenters.setup_checklist import DONE, set_up_parts


def show_home(request: HttpRequest) -> HttpResponse:
    """What is under way and waits for this person, then everything else."""
    overview = lists.home(person(request))
    page = {"home": overview, "is_new": not (overview.recent or overview.under_way)}
    # What the page asks for every few seconds is its lists alone.
    if page["is_new"] and is_admin(request) and not request.headers.get("HX-Request"):
        page |= _set_up()
    return render(request, "home.html", page)


@admin_only
def show_set_up(request: HttpRequest) -> HttpResponse:
    """Each part of the first set-up, as it is now."""
    return render(request, "set_up.html", _set_up())


def _set_up() -> dict[str, object]:
    parts = set_up_parts()
    return {
        "parts": parts,
        "done": sum(part.state == DONE for part in parts),
        "next": next((part for part in parts if part.state != DONE), None),
    }
