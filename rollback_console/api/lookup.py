"""The thing an address names, or Http404 with a sentence."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TypeVar
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import Http404

from rollback_console.access.scope_limits import EVERYWHERE, ScopeLimit
from rollback_console.deployments.models import (
    Deployment,
    DeploymentItem,
    FreezeWindow,
    GuardOverride,
)
from rollback_console.plans.models import (
    Delegation,
    Environment,
    HostQuestion,
    Plan,
    Revision,
    Service,
)
from rollback_console.proposals.models import Proposal
from rollback_console.rollbacks.models import Pin, Rollback, StepRun

from .errors.problems import Problem

M = TypeVar("M", bound=Model)

_OF_DEPLOYMENT = ("service", "environment", "plan", "recorded_by", "decided_by")

_limit: ContextVar[ScopeLimit] = ContextVar("limit_of_token", default=EVERYWHERE)


def limit_to(limit: ScopeLimit) -> None:
    """What is looked up from now on in this request lies within the token's limit."""
    _limit.set(limit)


def require_unlimited() -> None:
    """Raises Problem for a limited token: this shows, or changes, what lies everywhere."""
    if _limit.get():
        raise _outside()


def within_limit(rows: QuerySet[M], *, environment: str, service: str | None) -> QuerySet[M]:
    """Those that the token reaches; the paths lead to the slugs. None: they have no service."""
    limit = _limit.get()
    if limit.environments:
        rows = rows.filter(**{f"{environment}__in": limit.environments})
    if limit.services:
        rows = rows.filter(**{f"{service}__in": limit.services}) if service else rows.none()
    return rows


def rollback(number: int) -> Rollback:
    """With everything its short form names."""
    rows = Rollback.objects.defer("revision__source").select_related(
        "revision__plan", "service", "environment", "requested_by"
    )
    return _reached(_one(rows.filter(pk=number), f"There is no rollback {number}."))


def plan(slug: str) -> Plan:
    """With its service and environment."""
    rows = Plan.objects.select_related("service", "environment")
    return _reached(_one(rows.filter(slug=slug), f"There is no plan {slug}."))


def revision(slug: str, number: int | None = None) -> Revision:
    """Of that number, or the newest."""
    rows = Revision.objects.filter(plan=plan(slug)).order_by("-number")
    rows = rows.select_related("author", "plan__service", "plan__environment")
    if number is None:
        return _one(rows, f"The plan {slug} has no revision yet.")
    return _one(rows.filter(number=number), f"The plan {slug} has no revision {number}.")


def host_question(slug: str, number: int) -> HostQuestion:
    """Of that plan, with what its record names."""
    rows = HostQuestion.objects.filter(plan=plan(slug), pk=number)
    rows = rows.select_related("plan", "revision", "decided_by")
    return _one(rows, f"The plan {slug} has no host question {number}.")


def service(slug: str) -> Service:
    """By its slug."""
    return _touched(_one(Service.objects.filter(slug=slug), f"There is no service {slug}."))


def environment(slug: str) -> Environment:
    """By its slug."""
    rows = Environment.objects.filter(slug=slug)
    return _touched(_one(rows, f"There is no environment {slug}."))


def delegation(number: int) -> Delegation:
    """With its environment and the people it is between."""
    rows = Delegation.objects.select_related("environment", "giver", "to", "revoked_by")
    return _reached(_one(rows.filter(pk=number), f"There is no delegation {number}."))


def person(username: str) -> User:
    """By the name they sign in with."""
    return _one(User.objects.filter(username=username), f"There is nobody called {username}.")


def step_run(token: UUID) -> StepRun:
    """By its run token."""
    run = _one(StepRun.objects.filter(token=token), f"There is no step run {token}.")
    _reached(run.rollback)
    return run


def pin(number: int) -> Pin:
    """With its service and who made it."""
    rows = Pin.objects.select_related("service", "by")
    return _touched(_one(rows.filter(pk=number), f"There is no pin {number}."))


def proposal(number: int) -> Proposal:
    """With its environment, plan and who decided on it."""
    rows = Proposal.objects.select_related("environment", "plan", "decided_by")
    return _reached(_one(rows.filter(pk=number), f"There is no proposal {number}."))


def deployments() -> QuerySet[Deployment]:
    """Those that the token reaches, each with everything its record names."""
    rows = Deployment.objects.select_related(*_OF_DEPLOYMENT)
    return within_limit(rows, environment="environment__slug", service="service__slug")


def deployment(number: int) -> Deployment:
    """With everything its record names."""
    rows = Deployment.objects.select_related(*_OF_DEPLOYMENT)
    return _reached(_one(rows.filter(pk=number), f"There is no deployment {number}."))


def deployment_item(number: int, item: int) -> DeploymentItem:
    """An item of one of that deployment's documents."""
    rows = DeploymentItem.objects.filter(document__deployment=deployment(number), pk=item)
    rows = rows.select_related(
        "document__deployment__service", "document__deployment__environment", "signer"
    )
    return _one(rows, f"The deployment {number} has no item {item}.")


def freeze_window(number: int) -> FreezeWindow:
    """With its environment, its service and who made it."""
    rows = FreezeWindow.objects.select_related("environment", "service", "by")
    return _reached(_one(rows.filter(pk=number), f"There is no freeze window {number}."))


def guard_override(number: int) -> GuardOverride:
    """With its environment, its service and who made it."""
    rows = GuardOverride.objects.select_related("environment", "service", "by")
    return _reached(_one(rows.filter(pk=number), f"There is no override {number}."))


def _one(rows: QuerySet[M], sentence: str) -> M:
    row = rows.first()
    if row is None:
        raise Http404(sentence)
    return row


def require_whole(thing: Model) -> None:
    """Raises Problem when the token does not reach all that a change of `thing` would touch."""
    _reached(thing)


def is_touched(thing: Model) -> bool:
    """Whether it concerns what the token reaches, wholly or in part."""
    return _limit.get().touches(thing)


def _touched(thing: M) -> M:
    if not _limit.get().touches(thing):
        raise _outside()
    return thing


def _reached(thing: M) -> M:
    if not _limit.get().covers(thing):
        raise _outside()
    return thing


def _outside() -> Problem:
    return Problem("forbidden", f"This token holds for {_limit.get()} alone. Use another one.")
