"""Deployments: pipelines record them, people decide about them; windows in which there is none."""

from __future__ import annotations

from typing import Annotated

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from ninja import Query, Router, Status

from rollback_console.deployments import measures, running
from rollback_console.deployments.actions import deployments, documents, freeze_windows
from rollback_console.deployments.models import Deployment, FreezeWindow
from rollback_console.documents.checklists.kinds import TITLES
from rollback_console.documents.checklists.reader import read_kind
from rollback_console.documents.errors import UnreadableDocument
from rollback_console.plans.models import Plan
from rollback_console.plans.snapshot.deployment_facts import DeploymentFacts
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.errors import Refused

from .. import lookup, pagination
from ..authentication import OPERATE, PLANS, READ, REQUEST, person
from ..bodies.deployments import DeploymentEnd, NewDeployment, NewFreezeWindow
from ..bodies.requests import Deployed, NewPlan, NewRollback, Why
from ..responses.deployments import (
    DeploymentMeasures,
    DeploymentOut,
    DeploymentPage,
    FreezeWindowList,
    FreezeWindowOut,
    RunningList,
    deployment_out,
    freeze_window_out,
    measures_out,
    running_out,
)
from ..responses.rollbacks import RollbackDetail, rollback_detail
from .plans import keep_document

router = Router(tags=["deployments"])


@router.post("/deployments", auth=PLANS, response={201: DeploymentOut})
def record_deployment(request: HttpRequest, body: NewDeployment) -> Status[DeploymentOut]:
    """A deployment begins: what is deployed, where, by whom, and what takes it back."""
    made = _recorded(body, person(request))
    return Status(201, deployment_out(lookup.deployment(made.pk)))


@router.post("/deployments/{int:number}/finished", auth=PLANS, response={201: DeploymentOut})
def finish_deployment(
    request: HttpRequest, number: int, body: DeploymentEnd
) -> Status[DeploymentOut]:
    """It ended. The same answer twice counts once."""
    deployments.finish_deployment(
        lookup.deployment(number), by=person(request), outcome=body.outcome
    )
    return Status(201, deployment_out(lookup.deployment(number)))


@router.get("/deployments", auth=READ, response=DeploymentPage)
def list_deployments(
    request: HttpRequest,
    service: str = "",
    environment: str = "",
    cursor: pagination.Cursor = "",
    limit: pagination.Limit = 50,
) -> DeploymentPage:
    """Deployments, newest first, or those of one service or environment."""
    filters = {
        "service__slug": service,
        "environment__slug": environment,
        "pk__lt": pagination.after_number(cursor),
    }
    rows = lookup.deployments().filter(**{name: value for name, value in filters.items() if value})
    page, following = pagination.cut(rows.order_by("-pk")[: limit + 1], limit, lambda row: row.pk)
    return DeploymentPage(items=[deployment_out(row) for row in page], next=following)


@router.get("/deployments/measures", auth=READ, response=DeploymentMeasures)
def measure_deployments(
    request: HttpRequest,
    service: str = "",
    environment: str = "",
    days: Annotated[int, Query(ge=1, le=3660)] = measures.DAYS,
) -> DeploymentMeasures:
    """The four keys of DORA for the last days, of one service or environment or of all."""
    chosen = {"service__slug": service, "environment__slug": environment}
    rows = lookup.deployments().filter(**{name: value for name, value in chosen.items() if value})
    return measures_out(measures.measure(rows, days=days))


@router.get("/deployments/{int:number}", auth=READ, response=DeploymentOut)
def read_deployment(request: HttpRequest, number: int) -> DeploymentOut:
    """One deployment."""
    return deployment_out(lookup.deployment(number))


@router.get("/services/{slug:slug}/running", auth=READ, response=RunningList)
def list_running(request: HttpRequest, slug: str) -> RunningList:
    """Which version runs in each environment, since when, and what brought it there."""
    service = lookup.service(slug)
    rows = running.running_versions(service)
    return RunningList(
        items=[running_out(each) for each in rows if lookup.is_touched(each.environment)]
    )


@router.post(
    "/deployments/{int:number}/requests",
    auth=REQUEST,
    response={201: RollbackDetail},
    operation_id="request_rollback_of_deployment",
)
def request_rollback(
    request: HttpRequest, number: int, body: NewRollback
) -> Status[RollbackDetail]:
    """A rollback is needed. The request needs approval like any other, by somebody else."""
    deployment = lookup.deployment(number)
    made = deployments.request_rollback(
        deployment,
        by=person(request),
        revision=lookup.revision(body.plan, body.revision),
        reason=body.reason,
        trigger=body.trigger or f"Deployment of {deployment.version}",
        choices=body.choices.model_dump(),
    )
    return Status(201, rollback_detail(lookup.rollback(made.pk)))


@router.post("/deployments/{int:number}/closures", auth=REQUEST, response={201: DeploymentOut})
def close_deployment(request: HttpRequest, number: int, body: Why) -> Status[DeploymentOut]:
    """No rollback is needed, and why."""
    deployments.close_deployment(lookup.deployment(number), by=person(request), reason=body.reason)
    return Status(201, deployment_out(lookup.deployment(number)))


@router.get("/freeze-windows", auth=READ, response=FreezeWindowList)
def list_freeze_windows(request: HttpRequest, environment: str = "") -> FreezeWindowList:
    """Windows that stand or are to come."""
    rows = FreezeWindow.objects.filter(ends_at__gt=db_clock.now())
    if environment:
        rows = rows.filter(environment__slug=environment)
    rows = rows.select_related("environment", "service", "by")
    # One of every service holds for those of the token too.
    return FreezeWindowList(
        items=[freeze_window_out(row) for row in rows if lookup.is_touched(row)]
    )


@router.post("/freeze-windows", auth=OPERATE, response={201: FreezeWindowOut})
def add_freeze_window(request: HttpRequest, body: NewFreezeWindow) -> Status[FreezeWindowOut]:
    """Let nothing be deployed for a time."""
    environment = lookup.environment(body.environment)
    service = lookup.service(body.service) if body.service else None
    lookup.require_whole(FreezeWindow(environment=environment, service=service))
    made = freeze_windows.add_freeze_window(
        by=person(request),
        environment=environment,
        service=service,
        reason=body.reason,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
    )
    return Status(201, freeze_window_out(lookup.freeze_window(made.pk)))


@router.post("/freeze-windows/{int:number}/ends", auth=OPERATE, response={201: FreezeWindowOut})
def end_freeze_window(request: HttpRequest, number: int) -> Status[FreezeWindowOut]:
    """End a window now, or before it begins."""
    freeze_windows.end_freeze_window(lookup.freeze_window(number), by=person(request))
    return Status(201, freeze_window_out(lookup.freeze_window(number)))


@transaction.atomic
def _recorded(body: NewDeployment, by: User) -> Deployment:
    """With its plan, or not at all: a document that cannot be read records nothing."""
    known = Deployed(**body.model_dump(include=set(Deployed.model_fields)))
    texts = [text for text in (body.document, *body.documents) if text]
    lists = [text for text in texts if _is_checklist(text)]
    made = deployments.record_deployment(
        by=by,
        service=lookup.service(body.service),
        environment=lookup.environment(body.environment),
        version=body.version,
        facts=DeploymentFacts(**known.model_dump()),
        plan=_plan(body, [text for text in texts if text not in lists], known, by),
        commit=body.commit,
        deployed_by=body.deployed_by,
        link=body.link,
        committed_at=body.committed_at,
    )
    for text in lists:
        documents.add_document(made, by=by, data=text)
    return made


def _is_checklist(text: str) -> bool:
    """Whether its title says that it is another document than the rollback plan."""
    try:
        return read_kind(text) in TITLES
    except UnreadableDocument:  # the plan's own reader says why
        return False


def _plan(body: NewDeployment, texts: list[str], known: Deployed, by: User) -> Plan | None:
    if len(texts) > 1:
        raise Refused(
            "Two of the documents may be the rollback plan. Let the title of every other say what "
            "it is, such as Pre-deployment checklist."
        )
    if not texts:
        return lookup.plan(body.plan) if body.plan else None
    document = NewPlan(
        document=texts[0],
        service=body.service,
        environment=body.environment,
        deployment=known,
    )
    return keep_document(document, by).plan
