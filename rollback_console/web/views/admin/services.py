"""Services, and versions of them that must not be deployed again."""

from __future__ import annotations

from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.deployments.running import running_versions
from rollback_console.plans.actions.services import add_service
from rollback_console.plans.errors import PlanError
from rollback_console.plans.models import Environment, Service
from rollback_console.rollbacks.actions import pins
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Pin
from rollback_console.watch.queries import newest_watched, watched_triggers
from rollback_console.web.forms.deployments import LiftForm, PinForm
from rollback_console.web.forms.places import ServiceForm

from ...authentication.step_up import step_up
from ...http.current_user import admin_only, person
from ...http.responses import done, refused


@admin_only
@step_up("add a service")
def list_services(request: HttpRequest) -> HttpResponse:
    """Every service; POST adds one."""
    form = ServiceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _add(request, form)
    return _list(request, form)


def _add(request: HttpRequest, form: ServiceForm) -> HttpResponse:
    try:
        service = add_service(by=person(request), **form.cleaned_data)
    except PlanError as error:
        form.add_error(None, str(error))
        return _list(request, form)
    return done(
        request, gettext("{name} is added.").format(name=service.name), "service", slug=service.slug
    )


def _list(request: HttpRequest, form: ServiceForm) -> HttpResponse:
    services = Service.objects.annotate(plan_count=Count("plans", distinct=True))
    page = {"services": services, "form": form}
    return render(request, "services/list.html", page, status=422 if form.errors else 200)


def show_service(request: HttpRequest, slug: str) -> HttpResponse:
    """One service: what runs where, its plans and pins."""
    return _page(request, get_object_or_404(Service, slug=slug), PinForm())


@require_POST
@permission_required("rollbacks.operate_rollback", raise_exception=True)
def pin(request: HttpRequest, slug: str) -> HttpResponse:
    """Mark a version as one that must not be deployed again."""
    service = get_object_or_404(Service, slug=slug)
    form = PinForm(request.POST)
    if form.is_valid():
        try:
            made = pins.pin(service, by=person(request), **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            return done(
                request,
                gettext("{version} is pinned.").format(version=made.version),
                "service",
                slug=slug,
            )
    return _page(request, service, form)


@require_POST
@permission_required("rollbacks.operate_rollback", raise_exception=True)
@step_up("allow a pinned version again")
def lift(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Let a version be deployed again."""
    pinned = get_object_or_404(Pin, pk=number, service__slug=slug)
    form = LiftForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        pins.lift_pin(pinned, by=person(request), reason=reason)
    except Refused as error:
        return refused(request, error, "service", slug=slug)
    return done(
        request,
        gettext("{version} may be deployed again.").format(version=pinned.version),
        "service",
        slug=slug,
    )


def _page(request: HttpRequest, service: Service, form: PinForm) -> HttpResponse:
    page = {
        "service": service,
        "form": form,
        "pins": service.pins.select_related("by", "rollback").order_by("-id")[:100],
        "plans": service.plans.select_related("environment"),
        "running": running_versions(service),
        "watched": [(each, watched_triggers(each)) for each in newest_watched(service)],
        "watched_places": Environment.objects.filter(
            Q(plans__service=service) | Q(deployments__service=service)
        ).distinct(),
    }
    return render(request, "services/service.html", page, status=422 if form.errors else 200)
