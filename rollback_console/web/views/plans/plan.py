"""Plans: the list, importing one, and reading one beside what the console understood."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.plans.actions import host_questions as actions
from rollback_console.plans.data_loss import cost_queries
from rollback_console.plans.errors import NotConfirmed, PlanError, UnreadablePlan
from rollback_console.plans.models import Environment, HostQuestion, Plan, Revision
from rollback_console.plans.readiness import choices, host_questions
from rollback_console.plans.snapshot.request_form import list_missing
from rollback_console.rollbacks.queries import lists, rehearsals
from rollback_console.rollbacks.sweeper import readiness_schedule
from rollback_console.web.forms.plans import ImportForm

from ... import queries
from ...authentication.step_up import step_up
from ...http.current_user import person
from ...http.lookup import requestable_revision, revision_of
from ...http.rate_limit import costly
from ...http.responses import done, refused
from ...presenters.plan_source import Reading


def list_plans(request: HttpRequest) -> HttpResponse:
    """Every plan, of one environment where the address says so."""
    environment = request.GET.get("environment", "")
    page = {
        "plans": lists.plans(environment),
        "environments": Environment.objects.all(),
        "chosen": environment,
    }
    return render(request, "plans/list.html", page)


@permission_required("plans.add_plan", raise_exception=True)
@costly
def import_document(request: HttpRequest) -> HttpResponse:
    """Paste or upload a document; nothing typed is lost when it cannot be kept."""
    form = ImportForm(request.POST or None, request.FILES or None, by=person(request))
    if request.method == "POST" and form.is_valid():
        try:
            revision = form.save()
        except UnreadablePlan as error:
            form.add_error("text", str(error))
        else:
            if form.is_empty:
                return done(
                    request, gettext("Add its first step."), "arrange", slug=revision.plan.slug
                )
            sentence = gettext(
                "Saved as revision {number}. This is what the console understood."
            ).format(number=revision.number)
            return done(request, sentence, "arrange", slug=revision.plan.slug)
    status = 422 if form.errors else 200
    return render(request, "plans/import.html", {"form": form}, status=status)


def show_plan(request: HttpRequest, slug: str, number: int | None = None) -> HttpResponse:
    """One revision, the latest unless the address names another."""
    revision = revision_of(slug, number)
    may = actions.may_decide_questions(revision.plan, by=person(request))
    page = {**facts_of(revision), "may_decide_questions": may}
    return render(request, "plans/plan.html", page)


def facts_of(revision: Revision) -> dict[str, Any]:
    """What every page about one revision shows."""
    plan, verdicts = revision.plan, choices.procedure_verdicts(revision)
    return {
        "plan": plan,
        "revision": revision,
        "latest": queries.latest_number(plan),
        "reading": Reading.of(revision),
        "missing": list_missing(revision),
        "verdicts": verdicts,
        "rehearsal": rehearsals.last(plan, verdicts[0].snapshot if verdicts else None),
        "rehearsed_in": list(plan.environment.rehearsals.all()),
        "asking": revision.askings.filter(done_at=None).last(),
        "measures": cost_queries.measures(revision),
        "host_questions": host_questions.questions_of_revision(revision),
        "questions_of_plan": {
            question.sha256
            for verdict in verdicts
            if verdict.snapshot
            for question in host_questions.propose_questions(revision, verdict.snapshot)
        },
        "readiness_events": host_questions.events_of(plan),
    }


@require_POST
@permission_required("rollbacks.request_rollback", raise_exception=True)
@costly
def ask_hosts(request: HttpRequest, slug: str) -> HttpResponse:
    """Have a worker ask the hosts about every procedure of the newest revision."""
    revision = requestable_revision(slug)
    if revision.confirmed_at is None:
        return refused(request, NotConfirmed(revision.plan, revision.number), "plan", slug=slug)
    askings = readiness_schedule.ask_all(revision, why="person", by=person(request))
    sentence = (
        gettext("Preflight checks started.")
        if askings
        else gettext("This plan names no host to check yet.")
    )
    return done(request, sentence, "plan", slug=slug)


def _for_who_decides_questions(view: Callable[..., HttpResponseBase]) -> Callable[..., Any]:
    """The right comes before the proof: nobody proves who they are to be refused then."""

    @wraps(view)
    def permitted(request: HttpRequest, slug: str) -> HttpResponseBase:
        _require_questions(request, get_object_or_404(Plan, slug=slug))
        return view(request, slug=slug)

    permitted.needs_step_up = getattr(view, "needs_step_up", False)  # type: ignore[attr-defined]
    return permitted


@require_POST
@_for_who_decides_questions
@step_up("approve what hosts of plan {slug} are asked")
def approve_host_questions(request: HttpRequest, slug: str) -> HttpResponse:
    """Let hosts be asked the questions that were ticked, each by the digest that was shown."""
    revision = requestable_revision(slug)
    ticked = request.POST.getlist("question")
    rows = {each.sha256: each for each in revision.plan.host_questions.filter(sha256__in=ticked)}
    if not ticked:
        return refused(request, gettext("Tick at least one question first."), "plan", slug=slug)
    try:
        with transaction.atomic():
            for digest in ticked:
                if digest not in rows:
                    raise PlanError("A question that was ticked is not there. Read them again.")
                actions.approve_host_question(rows[digest], by=person(request), sha256=digest)
    except PlanError as error:
        return refused(request, error, "plan", slug=slug)
    readiness_schedule.ask_after_question(revision.plan, by=person(request))
    return done(request, gettext("Approved. Preflight checks started."), "plan", slug=slug)


@require_POST
def withdraw_host_question(request: HttpRequest, slug: str, question: int) -> HttpResponse:
    """Take the approval of one question back."""
    row = get_object_or_404(HostQuestion, plan__slug=slug, pk=question)
    try:
        actions.withdraw_host_question(row, by=person(request))
    except PlanError as error:
        return refused(request, error, "plan", slug=slug)
    return done(
        request,
        gettext("Approval withdrawn. The hosts are no longer asked this."),
        "plan",
        slug=slug,
    )


def _require_questions(request: HttpRequest, plan: Plan) -> None:
    if not actions.may_decide_questions(plan, by=person(request)):
        raise PermissionDenied("Only who decides there, or an Admin, says what hosts are asked.")
