"""Which programs may propose rollbacks, and where issues are opened.

Secrets are shown once; tokens of issue trackers never.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.audit.stale_edit import StaleEdit
from rollback_console.postmortems.actions import issues
from rollback_console.postmortems.models import IssueTracker
from rollback_console.proposals.actions import integrations
from rollback_console.proposals.models import Integration
from rollback_console.rollbacks.errors import Refused
from rollback_console.web.forms.outbox import IntegrationForm, IssueTrackerForm

from ...authentication.step_up import step_up
from ...http.current_user import admin_only, person
from ...http.responses import done


@admin_only
def list_integrations(request: HttpRequest) -> HttpResponse:
    """Every integration and when it last sent something."""
    rows = Integration.objects.defer("secret").select_related("environment", "plan")
    return render(request, "integrations/list.html", {"integrations": rows})


@admin_only
@step_up("let a program propose rollbacks", looking_too=True)
def new_integration(request: HttpRequest) -> HttpResponse:
    """Add an integration; its secret is in the answer."""
    form = IntegrationForm(None, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = integrations.add_integration(by=person(request), **form.cleaned_data)
        except Refused as error:
            form.add_error("plan", str(error))
        else:
            return _page(request, made, form=IntegrationForm(made), secret=secret)
    return _page(request, None, form=form)


@admin_only
@step_up("change an integration", looking_too=True)
def show_integration(request: HttpRequest, number: int) -> HttpResponse:
    """One integration, and how to set up its other side; POST changes it."""
    integration = get_object_or_404(Integration.objects.select_related("environment"), pk=number)
    form = IntegrationForm(integration, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            saved = integrations.change_integration(
                integration, by=person(request), **form.cleaned_data
            )
        except (Refused, StaleEdit) as error:
            form.add_error(None, str(error))
        else:
            return done(
                request,
                gettext("{name} is saved.").format(name=saved.name),
                "integration",
                number=number,
            )
    return _page(request, integration, form=form)


@require_POST
@admin_only
@step_up("make a new secret")
def renew(request: HttpRequest, number: int) -> HttpResponse:
    """A new secret, in this answer; the old one opens nothing any more."""
    integration = get_object_or_404(Integration, pk=number)
    secret = integrations.renew_secret(integration, by=person(request))
    return _page(request, integration, form=IntegrationForm(integration), secret=secret)


@require_POST
@admin_only
@step_up("remove an integration")
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """It is removed. It can no longer propose rollbacks."""
    integration = get_object_or_404(Integration, pk=number)
    integrations.remove_integration(integration, by=person(request))
    return done(
        request,
        gettext("{name} is removed. It can no longer propose rollbacks.").format(
            name=integration.name
        ),
        "integrations",
    )


@admin_only
def list_trackers(request: HttpRequest) -> HttpResponse:
    """Every issue tracker, of which service it is."""
    rows = IssueTracker.objects.defer("token").select_related("service", "made_by")
    return render(request, "integrations/trackers.html", {"trackers": rows})


@admin_only
@step_up("add an issue tracker", looking_too=True)
def new_tracker(request: HttpRequest) -> HttpResponse:
    """Add an issue tracker."""
    form = IssueTrackerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            issues.add_tracker(by=person(request), **form.cleaned_data)
        except Refused as error:
            form.add_error("project", str(error))
        else:
            return done(request, gettext("Issue tracker added."), "issue-trackers")
    status = 422 if form.errors else 200
    return render(request, "integrations/tracker_new.html", {"form": form}, status=status)


@require_POST
@admin_only
@step_up("remove an issue tracker")
def remove_tracker(request: HttpRequest, number: int) -> HttpResponse:
    """No issue is opened there any more."""
    issues.remove_tracker(get_object_or_404(IssueTracker, pk=number), by=person(request))
    return done(request, gettext("Issue tracker removed. Issues stay linked."), "issue-trackers")


def _page(
    request: HttpRequest,
    integration: Integration | None,
    *,
    form: IntegrationForm,
    secret: str = "",
) -> HttpResponse:
    address = reverse("api:hook", kwargs={"key": integration.key}) if integration else ""
    page = {
        "integration": integration,
        "form": form,
        "secret": secret,
        "address": f"{settings.ORIGIN}{address}",
    }
    status = 422 if form.errors else 200
    answer = render(request, "integrations/integration.html", page, status=status)
    answer["Cache-Control"] = "no-store"
    return answer
