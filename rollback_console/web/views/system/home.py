"""The first page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from rollback_console.rollbacks.queries import lists

from ...http.current_user import person
from ...presenters.setup_checklist import beginnings


def show_home(request: HttpRequest) -> HttpResponse:
    """What is under way and waits for this person, then everything else."""
    overview = lists.home(person(request))
    began = bool(overview.recent or overview.under_way or overview.waiting)
    page = {"home": overview, "start_here": None if began else beginnings()}
    return render(request, "home.html", page)
