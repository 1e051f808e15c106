"""Whether a version may be deployed, for pipelines to ask before they do."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router, Status

from rollback_console.deployments import guard
from rollback_console.deployments.actions import overrides
from rollback_console.deployments.models import GuardOverride
from rollback_console.rollbacks.actions import pins

from .. import lookup
from ..authentication import ADMIN, APPROVE, OPERATE, READ, person
from ..bodies.deployments import NewGuardOverride
from ..bodies.requests import NewPin, Why
from ..responses.deployments import (
    Deployable,
    GuardOverrideOut,
    deployable_out,
    guard_override_out,
)
from ..responses.records import PinOut, pin_out

router = Router(tags=["pins"])

Version = Annotated[str, Query(min_length=1, max_length=200, description="a commit, tag or name")]


@router.get("/services/{slug:slug}/deployable", auth=READ, response=Deployable)
def is_deployable(
    request: HttpRequest, slug: str, version: Version, environment: str = ""
) -> Deployable:
    """May this version be deployed? A pinned commit also forbids its abbreviations.

    With an environment also rollbacks that are open or work there and freeze windows count, but
    what a decision maker overrides does not.
    """
    service = lookup.service(slug)
    place = lookup.environment(environment) if environment else None
    standing = guard.obstacles(service, version, place)
    rows = pins.current_pins(service, version).select_related("service", "by")
    return deployable_out(standing, list(rows))


@router.post("/services/{slug:slug}/overrides", auth=APPROVE, response={201: GuardOverrideOut})
def override_guard(
    request: HttpRequest, slug: str, body: NewGuardOverride
) -> Status[GuardOverrideOut]:
    """Let a version be deployed for a time past what stands against it now. Decision makers."""
    service, environment = lookup.service(slug), lookup.environment(body.environment)
    lookup.require_whole(GuardOverride(service=service, environment=environment))
    made = overrides.override_guard(
        by=person(request),
        service=service,
        environment=environment,
        version=body.version,
        reason=body.reason,
        hours=body.hours,
    )
    return Status(201, guard_override_out(lookup.guard_override(made.pk)))


@router.post("/overrides/{int:number}/ends", auth=APPROVE, response={201: GuardOverrideOut})
def end_override(request: HttpRequest, number: int) -> Status[GuardOverrideOut]:
    """It holds no longer."""
    overrides.end_override(lookup.guard_override(number), by=person(request))
    return Status(201, guard_override_out(lookup.guard_override(number)))


@router.post("/services/{slug:slug}/pins", auth=OPERATE, response={201: PinOut})
def pin_version(request: HttpRequest, slug: str, body: NewPin) -> Status[PinOut]:
    """Mark a version as one that must not be deployed again."""
    service = lookup.service(slug)
    lookup.require_whole(service)
    made = pins.pin(
        service,
        version=body.version,
        by=person(request),
        reason=body.reason,
        rollback=lookup.rollback(body.rollback) if body.rollback else None,
    )
    return Status(201, pin_out(lookup.pin(made.pk)))


@router.post("/pins/{int:number}/lifts", auth=ADMIN, response={201: PinOut})
def lift_pin(request: HttpRequest, number: int, body: Why) -> Status[PinOut]:
    """Let a pinned version be deployed again."""
    pin = lookup.pin(number)
    lookup.require_whole(pin)
    pins.lift_pin(pin, by=person(request), reason=body.reason)
    return Status(201, pin_out(lookup.pin(number)))
