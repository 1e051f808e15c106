"""Asking for a rollback: choose the procedure, then the ways, then read what would run."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from rollback_console.common.host_numbers import read_number
from rollback_console.documents.model import Procedure
from rollback_console.engine.snapshot import Snapshot
from rollback_console.plans.data_loss import cost
from rollback_console.plans.errors import NotReady
from rollback_console.plans.models import Environment, Revision, Service
from rollback_console.plans.readiness import check, queue
from rollback_console.plans.snapshot.freeze import freeze_snapshot
from rollback_console.plans.snapshot.request_form import RequestForm, draw_request_form
from rollback_console.rollbacks.actions.pins import pins_among
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Rollback
from rollback_console.rollbacks.queries import lists
from rollback_console.rollbacks.sweeper import readiness_schedule
from rollback_console.web.forms.requests import OpeningForm

from ... import queries
from ...http.current_user import person
from ...http.lookup import requestable_revision
from ...http.rate_limit import preview
from ...http.responses import done
from ...presenters import procedure_comparison, request_cause
from ...presenters.steps.step_track import stations

_BEST_FIRST = ("ready", "not asked", "unknown", "not ready")


@permission_required("rollbacks.request_rollback", raise_exception=True)
def choose_plan(request: HttpRequest) -> HttpResponse:
    """Ask for the service and the environment, then propose the plan that fits them best."""
    service, environment = (request.GET.get(name, "") for name in ("service", "environment"))
    lines = lists.plans(environment) if service and environment else []
    fitting = [line for line in lines if line.plan.service.slug == service]
    fitting.sort(key=lambda line: _BEST_FIRST.index(line.readiness))
    if len(fitting) == 1:
        return redirect("request", slug=fitting[0].plan.slug)
    page = {
        "services": Service.objects.all(),
        "environments": Environment.objects.all(),
        "service": service,
        "environment": environment,
        "lines": fitting,
    }
    return render(request, "rollbacks/choose_plan.html", page)


@permission_required("rollbacks.request_rollback", raise_exception=True)
@preview
def opening(request: HttpRequest, slug: str) -> HttpResponse:
    """The request page. POST with `preview` only shows what would run; else it asks."""
    revision = requestable_revision(slug)
    cause = request_cause.cause_of(request)
    asking = cause.filled_in(draw_request_form(revision))
    earlier = _earlier(request, revision)
    procedure = _procedure(asking, request.POST or request.GET, earlier)
    if procedure is None:
        page = {
            "plan": revision.plan,
            "revision": revision,
            "latest": queries.latest_number(revision.plan),
            "asking": asking,
            "cause": cause,
            "ways": procedure_comparison.compare_procedures(revision),
        }
        return render(request, "rollbacks/procedures.html", page)
    form = OpeningForm(
        revision,
        asking,
        procedure,
        request.POST or None,
        proposed=cause.trigger,
        earlier=earlier,
    )
    valid = form.is_valid()
    snapshot, problems = _frozen(revision, form.choices()) if valid else (None, [])
    asks = request.method == "POST" and not {"preview", "ready"} & request.POST.keys()
    if asks and valid:
        try:
            rollback = request_cause.open_request(
                cause,
                revision=revision,
                by=person(request),
                reason=form.cleaned_data["reason"],
                trigger=form.cleaned_data["trigger"],
                choices=form.choices(),
            )
        except NotReady as error:
            problems = error.problems
        except Refused as error:
            form.add_error("reason", str(error))
        else:
            return done(
                request, gettext("Request submitted for approval."), "rollback", number=rollback.pk
            )
    page = {
        "plan": revision.plan,
        "revision": revision,
        "latest": queries.latest_number(revision.plan),
        "asking": asking,
        "cause": cause,
        "form": form,
        "problems": problems,
        "snapshot": snapshot,
        "pinned": pins_among(revision.plan.service, snapshot.parameters.values())
        if snapshot
        else [],
        "stations": stations(snapshot) if snapshot else [],
        "asks": asks,
        **_heard(request, revision, form.choices() if valid else {}, snapshot),
    }
    template = "rollbacks/_preview.html" if _wants_preview(request) else "rollbacks/request.html"
    return render(request, template, page, status=422 if asks else 200)


def _earlier(request: HttpRequest, revision: Revision) -> Rollback | None:
    """The request of the same plan that is made again (`?again=NUMBER`), if there is one."""
    number = request.GET.get("again", "")
    known = Rollback.objects.filter(revision__plan=revision.plan)
    return known.filter(pk=number).first() if read_number(number) else None


def _procedure(
    asking: RequestForm, values: QueryDict, earlier: Rollback | None
) -> Procedure | None:
    procedures = {each.key: each for each in asking.procedures}
    if len(procedures) == 1:
        return next(iter(procedures.values()))
    chosen = values.get("procedure") or (earlier.choices.get("procedure") if earlier else "")
    return procedures.get(str(chosen))


def _frozen(revision: Revision, choices: dict[str, Any]) -> tuple[Snapshot | None, list[str]]:
    try:
        return freeze_snapshot(revision, choices), []
    except NotReady as error:
        return None, error.problems


def _heard(
    request: HttpRequest, revision: Revision, choices: dict[str, Any], snapshot: Snapshot | None
) -> dict[str, Any]:
    if snapshot is None:
        return {"readiness": None}
    if "ready" in request.POST:
        readiness_schedule.ask_hosts(revision, choices, why="person", by=person(request))
    return {
        "readiness": check.latest(revision, snapshot.sha256),
        "costing": cost.costing(revision, snapshot),
        "asking": queue.open_asking(revision, snapshot.sha256),
    }


def _wants_preview(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False)) and "preview" in request.POST
