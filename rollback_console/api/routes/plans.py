"""Plans: keep a document, list, read a revision."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.http import HttpRequest
from ninja import Router, Status

from rollback_console.plans.actions import host_questions as question_actions
from rollback_console.plans.actions import plans
from rollback_console.plans.data_loss.cost import costing_of_snapshot
from rollback_console.plans.models import Plan, Revision
from rollback_console.plans.readiness import check, host_questions
from rollback_console.plans.readiness.choices import procedure_verdicts
from rollback_console.plans.snapshot.deployment_facts import DeploymentFacts, match_facts
from rollback_console.plans.snapshot.request_form import draw_request_form
from rollback_console.rollbacks.sweeper import readiness_schedule

from .. import lookup, pagination
from ..authentication import APPROVE, PLANS, READ, person
from ..bodies.requests import HostQuestionApproval, NewAcknowledgement, NewPlan
from ..responses.plans import (
    AcknowledgementOut,
    HostQuestionList,
    HostQuestionOut,
    PlanOut,
    PlanPage,
    ReadinessOut,
    RevisionOut,
    acknowledgement_out,
    host_question_out,
    plan_out,
    readiness_out,
    revision_out,
)

router = Router(tags=["plans"])


@router.post("/plans", auth=PLANS, response={201: RevisionOut})
def import_plan(request: HttpRequest, body: NewPlan) -> Status[RevisionOut]:
    """Keep a document as a plan's first or next revision, with the facts of the deployment."""
    revision = keep_document(body, person(request))
    return Status(201, revision_out(lookup.revision(revision.plan.slug, revision.number)))


@router.get("/plans", auth=READ, response=PlanPage)
def list_plans(
    request: HttpRequest,
    service: str = "",
    environment: str = "",
    cursor: pagination.Cursor = "",
    limit: pagination.Limit = 50,
) -> PlanPage:
    """Plans by slug, or those of one service or environment."""
    rows = Plan.objects.select_related("service", "environment").order_by("slug")
    rows = lookup.within_limit(rows, environment="environment__slug", service="service__slug")
    rows = rows.annotate(newest=Max("revisions__number")).filter(slug__gt=pagination.after(cursor))
    if service:
        rows = rows.filter(service__slug=service)
    if environment:
        rows = rows.filter(environment__slug=environment)
    page, following = pagination.cut(rows[: limit + 1], limit, lambda plan: plan.slug)
    return PlanPage(items=[plan_out(plan, plan.newest or 0) for plan in page], next=following)


@router.get("/plans/{slug:slug}", auth=READ, response=PlanOut)
def read_plan(request: HttpRequest, slug: str) -> PlanOut:
    """One plan."""
    plan = lookup.plan(slug)
    newest = plan.revisions.aggregate(last=Max("number"))["last"] or 0
    return plan_out(plan, newest)


@router.get("/plans/{slug:slug}/readiness", auth=READ, response=ReadinessOut)
def read_readiness(request: HttpRequest, slug: str) -> ReadinessOut:
    """What the hosts last said about the plan's newest revision that was asked about."""
    plan = lookup.plan(slug)
    revision = plan.revisions.filter(probe_results__isnull=False).order_by("-number").first()
    if revision is None:
        return readiness_out(None, check.Readiness((), None), None)
    readiness = check.readiness_of(revision)
    cost = costing_of_snapshot(revision, readiness.results[0].snapshot_sha256)
    verdicts = procedure_verdicts(revision)
    return readiness_out(revision.number, readiness, cost, verdicts)


@router.get("/plans/{slug:slug}/host-questions", auth=READ, response=HostQuestionList)
def list_host_questions(request: HttpRequest, slug: str) -> HostQuestionList:
    """What hosts are asked only with approval, for the plan's newest revision."""
    newest = lookup.plan(slug).revisions.order_by("-number").first()
    rows = host_questions.questions_of_revision(newest) if newest else []
    return HostQuestionList(items=[host_question_out(each) for each in rows])


@router.post(
    "/plans/{slug:slug}/host-questions/{int:number}/approvals",
    auth=APPROVE,
    response={201: HostQuestionOut},
)
def approve_host_question(
    request: HttpRequest, slug: str, number: int, body: HostQuestionApproval
) -> Status[HostQuestionOut]:
    """Let a host be asked exactly this question from now on."""
    question = lookup.host_question(slug, number)
    row = question_actions.approve_host_question(question, by=person(request), sha256=body.sha256)
    readiness_schedule.ask_after_question(row.plan, by=person(request))
    return Status(201, host_question_out(row))


@router.get("/plans/{slug:slug}/revisions/{int:number}", auth=READ, response=RevisionOut)
def read_revision(request: HttpRequest, slug: str, number: int) -> RevisionOut:
    """One text of a plan, what is understood of it, and what a request has to choose."""
    return revision_out(lookup.revision(slug, number))


@router.post(
    "/plans/{slug:slug}/revisions/{int:number}/acknowledgements",
    auth=PLANS,
    response={201: AcknowledgementOut},
)
def acknowledge_finding(
    request: HttpRequest, slug: str, number: int, body: NewAcknowledgement
) -> Status[AcknowledgementOut]:
    """Say of a finding that it is known, and why it may stay; never of an error."""
    revision, by = lookup.revision(slug, number), person(request)
    row = plans.acknowledge_finding(revision, by=by, finding=body.finding, reason=body.reason)
    return Status(201, acknowledgement_out(row))


@router.post(
    "/plans/{slug:slug}/revisions/{int:number}/acknowledgements/{str:finding}/withdrawals",
    auth=PLANS,
    response={204: None},
)
def withdraw_acknowledgement(
    request: HttpRequest, slug: str, number: int, finding: str
) -> Status[None]:
    """Take back that a finding was acknowledged."""
    revision = lookup.revision(slug, number)
    plans.withdraw_acknowledgement(revision, by=person(request), finding=finding)
    return Status(204, None)


@transaction.atomic
def keep_document(body: NewPlan, by: User) -> Revision:
    """The revision that a document became. Raises UnreadablePlan, PlanError and Http404."""
    revision = plans.import_document(
        body.document.encode(),
        by=by,
        service=lookup.service(body.service),
        environment=lookup.environment(body.environment),
        title=body.title,
        note=body.note,
    )
    # Facts of an earlier deployment must never pass for those of this one: none are carried over.
    known = DeploymentFacts(**body.deployment.model_dump())
    facts = match_facts(draw_request_form(revision).parameters, known) | body.facts
    if revision.bindings.get("facts", {}) == facts:
        return revision
    bindings = {**revision.bindings, "facts": facts}
    return plans.bind_steps(revision, by=by, bindings=bindings)
