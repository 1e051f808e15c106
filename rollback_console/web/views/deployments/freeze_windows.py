"""Freeze windows: adding one to the list, and ending it."""

from __future__ import annotations

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.deployments.actions import freeze_windows
from rollback_console.deployments.models import FreezeWindow
from rollback_console.rollbacks.errors import Refused
from rollback_console.web.forms.deployments import FreezeWindowForm

from ...http.current_user import person
from ...http.responses import done, refused
from .deployments import draw_list


@require_POST
@permission_required("rollbacks.operate_rollback", raise_exception=True)
def add_freeze_window(request: HttpRequest) -> HttpResponse:
    """Let nothing be deployed for a time."""
    form = FreezeWindowForm(request.POST)
    if form.is_valid():
        try:
            made = freeze_windows.add_freeze_window(by=person(request), **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            return done(
                request,
                gettext("Deployments to {environment} are frozen.").format(
                    environment=made.environment
                ),
                "deployments",
            )
    return draw_list(request, form)


@require_POST
@permission_required("rollbacks.operate_rollback", raise_exception=True)
def end_freeze_window(request: HttpRequest, number: int) -> HttpResponse:
    """End a window now, or before it begins."""
    window = get_object_or_404(FreezeWindow, pk=number)
    try:
        freeze_windows.end_freeze_window(window, by=person(request))
    except Refused as error:
        return refused(request, error, "deployments")
    return done(
        request,
        gettext("The freeze window of {environment} is over.").format(
            environment=window.environment
        ),
        "deployments",
    )
