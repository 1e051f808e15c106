"""Rights that wait for a second Admin."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_POST

from rollback_console.access.actions.pending_changes import (
    confirm_change,
    open_changes,
    refuse_change,
)
from rollback_console.access.errors import AccessError
from rollback_console.access.models import PendingChange
from rollback_console.plans.errors import PlanError

from ...authentication.step_up import step_up
from ...http.current_user import admin_only, person
from ...http.responses import done, refused

WAITS = gettext_noop("Another Admin must confirm this under People, Confirmations.")


@admin_only
def list_confirmations(request: HttpRequest) -> HttpResponse:
    """What was proposed, by whom, and what happens once it is confirmed."""
    page = {"changes": open_changes(), "me": person(request).pk}
    return render(request, "people/confirmations.html", page)


@require_POST
@admin_only
@step_up("decide on a right that another Admin proposed")
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Confirm or refuse it."""
    change = get_object_or_404(PendingChange, pk=number)
    confirms = request.POST.get("decision") == "confirm"
    try:
        (confirm_change if confirms else refuse_change)(change, by=person(request))
    except (AccessError, PlanError) as error:
        return refused(request, error, "confirmations")
    answer = gettext("confirmed") if confirms else gettext("refused")
    sentence = f"{change.sentence}: {answer}."
    return done(request, sentence, "confirmations")
