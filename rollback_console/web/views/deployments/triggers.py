"""Triggers of one service in one environment: what is watched, and binding words to it."""

from __future__ import annotations

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.audit.stale_edit import StaleEdit
from rollback_console.common.permission import may_do
from rollback_console.documents.triggers import (
    LONGEST,
    TriggerWords,
    is_measurable,
    read_triggers,
)
from rollback_console.plans.models import Environment, Service
from rollback_console.rollbacks.errors import Refused
from rollback_console.watch.actions import firings, triggers
from rollback_console.watch.models import Firing, Trigger
from rollback_console.watch.queries import triggers_of, unbound_words
from rollback_console.web.forms.deployments import (
    TriggerDocumentForm,
    TriggerForm,
    initial_of_words,
)

from ...authentication.step_up import step_up
from ...http.current_user import person
from ...http.responses import done, refused


def list_triggers(request: HttpRequest, slug: str, environment: str) -> HttpResponse:
    """What is watched, and what plans say that nobody bound; POST reads another document."""
    service, there = _place(slug, environment)
    form = TriggerDocumentForm(request.POST or None)
    read = read_triggers(form.cleaned_data["document"]) if form.is_valid() else []
    page = {
        "service": service,
        "environment": there,
        "triggers": triggers_of(service, there),
        "unbound": unbound_words(service, there, read),
        "read": form.is_bound and form.is_valid(),
        "count_read": len(read),
        "form": form,
        "may_bind": may_do(
            person(request), triggers.CHANGE_PLAN, Trigger(service=service, environment=there)
        ),
    }
    return render(request, "deployments/triggers.html", page, status=422 if form.errors else 200)


@permission_required(triggers.CHANGE_PLAN, raise_exception=True)
@step_up("bind a trigger")
def new_trigger(request: HttpRequest, slug: str, environment: str) -> HttpResponse:
    """Bind words, those of the address where it has some, to what a program looks at."""
    service, there = _place(slug, environment)
    form = TriggerForm(request.POST or None, initial=initial_of_words(_words(request)))
    if request.method == "POST" and form.is_valid():
        try:
            made = triggers.bind_trigger(
                by=person(request),
                service=service,
                environment=there,
                fields=form.trigger_fields(),
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            return done(
                request,
                gettext("{text} is watched after each deployment.").format(text=made.text),
                "triggers",
                slug=slug,
                environment=environment,
            )
    return _page(request, form, Trigger(service=service, environment=there))


@permission_required(triggers.CHANGE_PLAN, raise_exception=True)
@step_up("change a trigger")
def show_trigger(request: HttpRequest, number: int) -> HttpResponse:
    """One trigger, and how often it fired; POST changes it."""
    trigger = _trigger(number)
    form = TriggerForm(request.POST or None, trigger=trigger)
    if request.method == "POST" and form.is_valid():
        try:
            triggers.change_trigger(
                trigger,
                by=person(request),
                fields=form.trigger_fields(),
                drawn_from=form.cleaned_data["drawn_from"],
            )
        except (Refused, StaleEdit) as error:
            form.add_error(None, str(error))
        else:
            return done(request, gettext("Trigger saved."), "trigger", number=number)
    return _page(request, form, trigger)


@require_POST
@permission_required(triggers.CHANGE_PLAN, raise_exception=True)
@step_up("remove a trigger")
def remove_trigger(request: HttpRequest, number: int) -> HttpResponse:
    """It is watched no more."""
    trigger = _trigger(number)
    try:
        triggers.remove_trigger(trigger, by=person(request))
    except Refused as error:
        return refused(request, error, "trigger", number=number)
    return done(
        request,
        gettext("{text} is watched no more.").format(text=trigger.text),
        "triggers",
        slug=trigger.service.slug,
        environment=trigger.environment.slug,
    )


@require_POST
@permission_required("rollbacks.request_rollback", raise_exception=True)
def mark_false_alarm(request: HttpRequest, number: int) -> HttpResponse:
    """What fired was no reason to roll back."""
    firing = get_object_or_404(Firing.objects.select_related("trigger", "watch"), pk=number)
    place = {"to": "deployment", "number": firing.watch.deployment_id}
    try:
        firings.mark_false_alarm(firing, by=person(request))
    except Refused as error:
        return refused(request, error, **place)
    return done(
        request, gettext("Marked as a false alarm. It is counted with its trigger."), **place
    )


def _place(slug: str, environment: str) -> tuple[Service, Environment]:
    service = get_object_or_404(Service, slug=slug)
    return service, get_object_or_404(Environment, slug=environment)


def _trigger(number: int) -> Trigger:
    rows = Trigger.objects.select_related("service", "environment", "bound_by")
    return get_object_or_404(rows, pk=number)


def _words(request: HttpRequest) -> TriggerWords:
    """The line that the address names, as it stood in its document."""
    text = request.GET.get("text", "")[:LONGEST]
    severity = "warning" if request.GET.get("severity") == "warning" else "critical"
    automatic = request.GET.get("automatic", "") != "no"
    return TriggerWords(text, severity, automatic and (not text or is_measurable(text)))


def _page(request: HttpRequest, form: TriggerForm, trigger: Trigger) -> HttpResponse:
    fired = Firing.objects.filter(trigger=trigger.pk)
    page = {
        "form": form,
        "trigger": trigger,
        "firings": fired.select_related("watch__deployment", "marked_by")[:20],
        "alarms": fired.count(),
        "false_alarms": fired.filter(false_alarm=True).count(),
        "may_bind": may_do(person(request), triggers.CHANGE_PLAN, trigger),
    }
    return render(request, "deployments/trigger.html", page, status=422 if form.errors else 200)
