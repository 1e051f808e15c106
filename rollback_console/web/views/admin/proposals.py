"""What monitoring proposes: the list, one of them, and dismissing it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.plans.models import Plan
from rollback_console.proposals.actions import proposals
from rollback_console.proposals.decision_levels import next_level
from rollback_console.proposals.models import Proposal
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.errors import Refused

from ...http.current_user import person
from ...http.responses import done, refused

PAGE = 100


def list_proposals(request: HttpRequest) -> HttpResponse:
    """The newest proposals, decided or not."""
    rows = Proposal.objects.select_related("environment", "plan", "decided_by", "rollback")
    return render(request, "proposals/list.html", {"proposals": rows[:PAGE]})


def show_proposal(request: HttpRequest, number: int) -> HttpResponse:
    """One proposal, with the plans that could answer it."""
    related = ("environment", "plan__service", "decided_by", "rollback")
    proposal = get_object_or_404(Proposal.objects.select_related(*related), pk=number)
    plans = Plan.objects.filter(environment=proposal.environment).select_related("service")
    page = {
        "proposal": proposal,
        "plans": plans.exclude(pk=proposal.plan_id or 0),
        "next_level": next_level(proposal, db_clock.now()),
    }
    return render(request, "proposals/proposal.html", page)


@require_POST
def dismiss(request: HttpRequest, number: int) -> HttpResponse:
    """No rollback because of it."""
    proposal = get_object_or_404(Proposal, pk=number)
    reason = request.POST.get("reason", "")
    try:
        proposals.dismiss(proposal, by=person(request), reason=reason)
    except Refused as error:
        return refused(request, error, "proposal", number=number)
    return done(request, gettext("Proposal dismissed. Your reason is recorded."), "home")
