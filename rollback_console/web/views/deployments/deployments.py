"""Deployments: the list, one of them, and closing it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.common.permission import may_do
from rollback_console.common.text import read_row_number
from rollback_console.deployments.actions import deployments
from rollback_console.deployments.checklists import checklists_of
from rollback_console.deployments.guard import current_overrides
from rollback_console.deployments.measures import measure
from rollback_console.deployments.models import Deployment, FreezeWindow
from rollback_console.plans.models import DecisionMaker, Delegation, Environment, Plan, Service
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.errors import Refused
from rollback_console.watch.queries import firings_of, watched_triggers
from rollback_console.web.forms.deployments import DocumentForm, FreezeWindowForm, OverrideForm

from ...http.current_user import person
from ...http.responses import done, refused

PAGE = 50
RELATED = ("service", "environment", "plan", "decided_by", "recorded_by", "rollback")


def list_deployments(request: HttpRequest) -> HttpResponse:
    """The newest deployments, of one service or environment where the address names it."""
    return draw_list(request, FreezeWindowForm())


def draw_list(
    request: HttpRequest, form: FreezeWindowForm, *, override_form: OverrideForm | None = None
) -> HttpResponse:
    """The list with the windows in which nothing is deployed, and the form for another."""
    chosen = {name: request.GET.get(name, "") for name in ("service", "environment")}
    rows = Deployment.objects.select_related(*RELATED)
    rows = rows.filter(**{f"{name}__slug": value for name, value in chosen.items() if value})
    keys = measure(rows)
    if before := read_row_number(request.GET.get("before", "")):
        rows = rows.filter(pk__lt=before)
    newest = list(rows[: PAGE + 1])
    page = {
        "deployments": newest[:PAGE],
        "older": newest[PAGE - 1].pk if len(newest) > PAGE else None,
        "chosen": chosen,
        "keys": keys,
        "query": urlencode({name: value for name, value in chosen.items() if value}),
        "services": Service.objects.all(),
        "environments": Environment.objects.all(),
        "windows": FreezeWindow.objects.filter(ends_at__gt=db_clock.now()).select_related(
            "environment", "service", "by"
        ),
        "form": form,
        "overrides": current_overrides(),
        "override_form": override_form or OverrideForm(),
        "may_override": DecisionMaker.objects.filter(user=person(request)).exists()
        or Delegation.objects.filter(to=person(request), ends_at__gt=db_clock.now()).exists(),
    }
    wrong = form.errors or override_form
    return render(request, "deployments/list.html", page, status=422 if wrong else 200)


def show_deployment(request: HttpRequest, number: int) -> HttpResponse:
    """One deployment, and whether a rollback is needed."""
    return draw_deployment(request, number, DocumentForm())


def draw_deployment(request: HttpRequest, number: int, form: DocumentForm) -> HttpResponse:
    """The deployment with its documents, and the form for another."""
    deployment = get_object_or_404(Deployment.objects.select_related(*RELATED), pk=number)
    plans = Plan.objects.filter(service=deployment.service, environment=deployment.environment)
    watched = watched_triggers(deployment)
    page = {
        "deployment": deployment,
        "watched": watched,
        "watching": any(each.row.due_at for each in watched),
        "firings": firings_of(deployment),
        "plans": plans.exclude(pk=deployment.plan_id or 0),
        "may_decide": may_do(person(request), "rollbacks.request_rollback", deployment),
        "may_add": may_do(person(request), "plans.add_plan", deployment),
        "checklists": checklists_of(deployment),
        "form": form,
    }
    status = 422 if form.errors else 200
    return render(request, "deployments/deployment.html", page, status=status)


@require_POST
@permission_required("rollbacks.request_rollback", raise_exception=True)
def close_deployment(request: HttpRequest, number: int) -> HttpResponse:
    """No rollback is needed."""
    deployment = get_object_or_404(Deployment, pk=number)
    try:
        deployments.close_deployment(
            deployment, by=person(request), reason=request.POST.get("reason", "")
        )
    except Refused as error:
        return refused(request, error, "deployment", number=number)
    return done(
        request,
        gettext("Closed: no rollback needed. Your reason is on record."),
        "deployment",
        number=number,
    )
