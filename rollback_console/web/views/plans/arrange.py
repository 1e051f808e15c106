"""Arranging a plan: the author's text beside what would run of it, and confirming that."""

from __future__ import annotations

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from rollback_console.plans.actions import plans
from rollback_console.plans.actions.revisions import draw_revision
from rollback_console.plans.errors import PlanError

from ... import queries
from ...http.current_user import person
from ...http.lookup import revision_of
from ...http.rate_limit import costly
from ...http.responses import done, refused
from ...presenters.plan_source import Reading


def show_arrangement(request: HttpRequest, slug: str) -> HttpResponse:
    """The newest revision: what its lines became, and the form that confirms it."""
    revision = revision_of(slug)
    page = {
        "plan": revision.plan,
        "revision": revision,
        "latest": queries.latest_number(revision.plan),
        "reading": Reading.of(revision),
        "drawn_from": draw_revision(revision),
    }
    return render(request, "plans/arrange.html", page)


@require_POST
@permission_required("plans.change_plan", raise_exception=True)
@costly
def confirm_arrangement(request: HttpRequest, slug: str) -> HttpResponse:
    """Stand for every step of the newest revision."""
    revision, seen = revision_of(slug), request.POST.get("drawn_from", "")
    try:
        made = plans.confirm_arrangement(revision, by=person(request), drawn_from=seen)
    except PlanError as error:
        return refused(request, error, "arrange", slug=slug)
    sentence = f"Confirmed as revision {made.number}. Rollbacks can be requested by it."
    return done(request, sentence, "plan", slug=slug)
