"""Overrides of what stands against a deployment: adding one to the list, and ending it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.deployments.actions import overrides
from rollback_console.deployments.models import GuardOverride
from rollback_console.rollbacks.errors import Refused
from rollback_console.web.forms.deployments import FreezeWindowForm, OverrideForm

from ...authentication.step_up import step_up
from ...http.current_user import person
from ...http.responses import done, refused
from .deployments import draw_list


@require_POST
@step_up("override what stands against a deployment")
def add_override(request: HttpRequest) -> HttpResponse:
    """Let a version be deployed for a time, whatever stands against it now."""
    form = OverrideForm(request.POST)
    if form.is_valid():
        try:
            made = overrides.override_guard(by=person(request), **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            return done(
                request, gettext("{name} may be deployed for now.").format(name=made), "deployments"
            )
    return draw_list(request, FreezeWindowForm(), override_form=form)


@require_POST
def end_override(request: HttpRequest, number: int) -> HttpResponse:
    """It holds no longer."""
    override = get_object_or_404(GuardOverride, pk=number)
    try:
        overrides.end_override(override, by=person(request))
    except Refused as error:
        return refused(request, error, "deployments")
    return done(
        request, gettext("The override for {name} is over.").format(name=override), "deployments"
    )
