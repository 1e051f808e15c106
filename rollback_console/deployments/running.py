"""Which version runs where: the last deployment that ended, unless a rollback took it back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from rollback_console.engine.states import RollbackState
from rollback_console.plans.models import Environment, Service
from rollback_console.rollbacks.models import Rollback

from .models import Deployment

_FATE: dict[str, str] = {RollbackState.FAILED: "failed", RollbackState.ABORTED: "was aborted"}

# One that failed or was aborted on its way leaves a mixture behind.
_TOUCHED = (RollbackState.SUCCEEDED, RollbackState.FAILED, RollbackState.ABORTED)


@dataclass(frozen=True, slots=True)
class RunningVersion:
    """What runs in one environment: `version` is "" where the console cannot know.

    Exactly one of `deployment` and `rollback` brought it there, at `since`; `problem` says why
    a version is not known.
    """

    environment: Environment
    version: str
    since: datetime
    deployment: Deployment | None = None
    rollback: Rollback | None = None
    problem: str = ""


def running_versions(service: Service) -> list[RunningVersion]:
    """One for each environment where anything was recorded, by name."""
    touched = Q(deployments__service=service)
    touched |= Q(rollbacks__service=service, rollbacks__state__in=_TOUCHED)
    places = Environment.objects.filter(touched).distinct().order_by("name")
    return list(_known(service, places))


def running_version(service: Service, environment: Environment) -> RunningVersion | None:
    """The newest of what ended there; None where nothing did."""
    here = {"service": service, "environment": environment}
    deployed = Deployment.objects.filter(**here).exclude(finished_at=None)
    deployment = deployed.order_by("-finished_at", "-pk").first()
    ended = Rollback.objects.filter(**here, state__in=_TOUCHED)
    ended = ended.exclude(started_at=None).exclude(finished_at=None)
    rollback = ended.select_related("undone_deployment").order_by("-finished_at", "-pk").first()
    if rollback and (deployment is None or _ended(rollback) >= _ended(deployment)):
        return _after_rollback(environment, rollback)
    return _after_deployment(environment, deployment) if deployment else None


def versions_to_return_to(service: Service, environment: Environment) -> list[str]:
    """Versions that ran there before the one that runs, the latest first, each once."""
    now = running_version(service, environment)
    rows = Deployment.objects.filter(service=service, environment=environment, state="succeeded")
    ordered = dict.fromkeys(rows.order_by("-finished_at", "-pk").values_list("version", flat=True))
    return [version for version in ordered if now is None or version != now.version]


def _known(service: Service, places: Iterable[Environment]) -> Iterator[RunningVersion]:
    for environment in places:
        if version := running_version(service, environment):
            yield version


def _ended(row: Deployment | Rollback) -> datetime:
    assert row.finished_at is not None  # noqa: S101  both queries leave out what has not ended
    return row.finished_at


def _after_deployment(environment: Environment, row: Deployment) -> RunningVersion:
    if row.state == "succeeded":
        return RunningVersion(environment, row.version, _ended(row), deployment=row)
    why = f"The deployment of {row.version} failed, so nobody can tell which version runs."
    return RunningVersion(environment, "", _ended(row), deployment=row, problem=why)


def _after_rollback(environment: Environment, row: Rollback) -> RunningVersion:
    if row.state != RollbackState.SUCCEEDED:
        why = (
            f"Rollback {row.pk} {_FATE[row.state]} partway, so nobody can tell which version runs."
        )
        return RunningVersion(environment, "", _ended(row), rollback=row, problem=why)
    undone = getattr(row, "undone_deployment", None)
    if undone and undone.previous_version:
        return RunningVersion(environment, undone.previous_version, _ended(row), rollback=row)
    why = f"Rollback {row.pk} succeeded, but no version before it is on record."
    return RunningVersion(environment, "", _ended(row), rollback=row, problem=why)
