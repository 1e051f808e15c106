"""Plans: the list, importing one, and reading one beside what the console understood."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from rollback_console.plans.actions import vouchings
from rollback_console.plans.data_loss import cost, host_questions
from rollback_console.plans.errors import UnreadablePlan
from rollback_console.plans.models import Environment, Revision
from rollback_console.plans.readiness import check, queue
from rollback_console.plans.snapshot.request_form import list_missing
from rollback_console.rollbacks.queries import lists, rehearsals
from rollback_console.rollbacks.sweeper import readiness_schedule
from rollback_console.web.forms.plans import ImportForm

from ... import queries
from ...authentication.step_up import step_up
from ...http.current_user import person
from ...http.lookup import revision_of
from ...http.rate_limit import costly
from ...http.responses import done
from ...presenters.plan_source import Reading


def listing(request: HttpRequest) -> HttpResponse:
    """Every plan, of one environment where the address says so."""
    wanted = request.GET.get("environment", "")
    page = {
        "plans": lists.plans(wanted),
        "environments": Environment.objects.all(),
        "wanted": wanted,
    }
    return render(request, "plans/list.html", page)


@permission_required("plans.add_plan", raise_exception=True)
@costly
def bring(request: HttpRequest) -> HttpResponse:
    """Paste or upload a document; nothing typed is lost when it cannot be kept."""
    form = ImportForm(request.POST or None, request.FILES or None, by=person(request))
    if request.method == "POST" and form.is_valid():
        try:
            revision = form.save()
        except UnreadablePlan as error:
            form.add_error("text", str(error))
        else:
            sentence = f"Kept as revision {revision.number}. This is what the console understood."
            return done(request, sentence, "plan", slug=revision.plan.slug)
    status = 422 if form.errors else 200
    return render(request, "plans/import.html", {"form": form}, status=status)


def show(request: HttpRequest, slug: str, number: int | None = None) -> HttpResponse:
    """One revision, the latest unless the address names another."""
    revision = revision_of(slug, number)
    return render(request, "plans/plan.html", facts_of(revision))


def facts_of(revision: Revision) -> dict[str, Any]:
    """What every page about one revision shows."""
    plan = revision.plan
    return {
        "plan": plan,
        "revision": revision,
        "latest": queries.latest_number(plan),
        "reading": Reading.of(revision),
        "missing": list_missing(revision),
        "readiness": check.of_revision(revision),
        "costing": cost.newest(revision),
        "rehearsal": rehearsals.last(plan, queue.frozen(revision, queue.ways(revision)[0])),
        "rehearsed_in": list(plan.environment.rehearsals.all()),
        "asking": revision.askings.filter(done_at=None).last(),
        "measures": host_questions.measures(revision),
        "vouched": host_questions.vouched(revision),
    }


@require_POST
@permission_required("rollbacks.request_rollback", raise_exception=True)
def ask_hosts(request: HttpRequest, slug: str) -> HttpResponse:
    """Have a worker ask the hosts about every procedure of the newest revision."""
    asked = readiness_schedule.ask_all(revision_of(slug, None), why="person", by=person(request))
    sentence = "The hosts are being asked." if asked else "This plan names no host to ask yet."
    return done(request, sentence, "plan", slug=slug)


@require_POST
@permission_required("plans.change_host", raise_exception=True)
@step_up("vouch for questions to hosts of {slug}")
def vouch(request: HttpRequest, slug: str) -> HttpResponse:
    """Say that the measures of the revision that was read only look."""
    number = request.POST.get("number", "")
    revision = revision_of(slug, int(number) if number.isdecimal() else None)
    vouchings.vouch_for_measures(revision, by=person(request))
    return done(request, "On record: its measures may run.", "plan", slug=slug)
