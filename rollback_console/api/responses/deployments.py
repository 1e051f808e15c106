"""Deployments, freeze windows, and whether a version may be deployed."""

from __future__ import annotations

from dataclasses import asdict

from pydantic import BaseModel

from rollback_console.deployments.guard import Obstacle
from rollback_console.deployments.measures import FourKeys
from rollback_console.deployments.models import Deployment, FreezeWindow, GuardOverride
from rollback_console.deployments.running import RunningVersion
from rollback_console.rollbacks.models import Pin

from .base import Person, Time, person
from .records import PinOut, pin_out


class DeploymentOut(BaseModel):
    """One deployment; `state` is running, succeeded or failed.

    `decision` answers whether a rollback is needed: "" until somebody decides, yes or no.
    `previous_version` is "" where the console cannot know what ran before.
    """

    id: int
    service: str
    environment: str
    version: str
    previous_version: str
    commit: str
    plan: str | None
    deployed_by: str
    link: str
    state: str
    recorded_by: Person
    started_at: Time
    finished_at: Time | None
    decision: str
    decided_by: Person | None
    decided_at: Time | None
    reason: str
    rollback: int | None


class DeploymentPage(BaseModel):
    """Deployments, newest first."""

    items: list[DeploymentOut]
    next: str | None


class DeploymentMeasures(BaseModel):
    """The four keys of DORA; times in seconds, medians, null where nothing is known.

    `known_lead_times` and `recoveries` say how many deployments the two times stand on.
    """

    days: int
    deployments: int
    per_day: float
    lead_time: float | None
    known_lead_times: int
    change_fail_rate: float | None
    recovery_time: float | None
    recoveries: int


class RunningOut(BaseModel):
    """What runs in one environment; `version` is "" where nobody can tell, and why."""

    environment: str
    version: str
    since: Time
    deployment: int | None
    rollback: int | None
    problem: str


class RunningList(BaseModel):
    """One for each environment in which anything is on record."""

    items: list[RunningOut]


class ObstacleOut(BaseModel):
    """A reason against a deployment; `until` is when it ends by itself, null when it does not.

    `overridden_by` lets this version pass all the same, null while nobody does.
    """

    kind: str
    text: str
    until: Time | None
    overridden_by: Person | None


class Deployable(BaseModel):
    """Whether a version may be deployed, what stands against it, and the pins among that."""

    deployable: bool
    obstacles: list[ObstacleOut]
    pins: list[PinOut]


class GuardOverrideOut(BaseModel):
    """Until when a version may be deployed past what stood against it, by whom and why."""

    id: int
    service: str
    environment: str
    version: str
    reason: str
    by: Person
    at: Time
    ends_at: Time


class FreezeWindowOut(BaseModel):
    """When nothing may be deployed; `service` is null when it holds for all."""

    id: int
    environment: str
    service: str | None
    reason: str
    starts_at: Time
    ends_at: Time
    by: Person


class FreezeWindowList(BaseModel):
    """Windows that stand or are to come, the first to begin first."""

    items: list[FreezeWindowOut]


def deployment_out(row: Deployment) -> DeploymentOut:
    """A deployment."""
    return DeploymentOut(
        id=row.pk,
        service=row.service.slug,
        environment=row.environment.slug,
        version=row.version,
        previous_version=row.previous_version,
        commit=row.commit,
        plan=row.plan.slug if row.plan else None,
        deployed_by=row.deployed_by,
        link=row.link,
        state=row.state,
        recorded_by=person(row.recorded_by),
        started_at=row.started_at,
        finished_at=row.finished_at,
        decision=row.decision,
        decided_by=person(row.decided_by) if row.decided_by else None,
        decided_at=row.decided_at,
        reason=row.reason,
        rollback=row.rollback_id,
    )


def measures_out(keys: FourKeys) -> DeploymentMeasures:
    """The four keys."""
    return DeploymentMeasures(**asdict(keys))


def running_out(row: RunningVersion) -> RunningOut:
    """What runs in one environment."""
    return RunningOut(
        environment=row.environment.slug,
        version=row.version,
        since=row.since,
        deployment=row.deployment.pk if row.deployment else None,
        rollback=row.rollback.pk if row.rollback else None,
        problem=row.problem,
    )


def deployable_out(standing: list[Obstacle], pins: list[Pin]) -> Deployable:
    """Yes where nothing stands against it that is not overridden."""
    return Deployable(
        deployable=all(each.overridden for each in standing),
        obstacles=[
            ObstacleOut(
                kind=each.kind,
                text=each.sentence,
                until=each.until,
                overridden_by=person(each.overridden.by) if each.overridden else None,
            )
            for each in standing
        ],
        pins=[pin_out(pin) for pin in pins],
    )


def guard_override_out(row: GuardOverride) -> GuardOverrideOut:
    """An override."""
    return GuardOverrideOut(
        id=row.pk,
        service=row.service.slug,
        environment=row.environment.slug,
        version=row.version,
        reason=row.reason,
        by=person(row.by),
        at=row.at,
        ends_at=row.ends_at,
    )


def freeze_window_out(row: FreezeWindow) -> FreezeWindowOut:
    """A freeze window."""
    return FreezeWindowOut(
        id=row.pk,
        environment=row.environment.slug,
        service=row.service.slug if row.service else None,
        reason=row.reason,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        by=person(row.by),
    )
