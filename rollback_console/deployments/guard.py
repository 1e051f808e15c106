"""Whether a version may be deployed now, and if not why and until when. For pipelines to ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q, QuerySet

from rollback_console.engine.states import TERMINAL
from rollback_console.plans.models import Environment, Service
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.actions.pins import current_pins
from rollback_console.rollbacks.models import Lock, Rollback

from .models import FreezeWindow, GuardOverride


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One reason against a deployment: `kind` is pin, rollback, lock or freeze_window, of `row`.

    `until` is when it ends by itself, None where somebody has to act. `overridden` says who lets
    the version pass all the same, None while it may not.
    """

    kind: str
    row: int
    sentence: str
    until: datetime | None = None
    overridden: GuardOverride | None = None

    @property
    def key(self) -> str:
        """What an override names it by."""
        return f"{self.kind}:{self.row}"


def obstacles(service: Service, version: str, environment: Environment | None) -> list[Obstacle]:
    """All that stands against it; without an environment the pins of the version alone."""
    standing = list(_pins(service, version))
    if environment is not None:
        standing += [
            *_rollbacks(service, environment),
            *_lock(service, environment),
            *_freezes(service, environment),
        ]
        standing = _mark_overridden(standing, service, version, environment)
    return standing


def current_overrides() -> QuerySet[GuardOverride]:
    """Those that hold now."""
    rows = GuardOverride.objects.filter(ends_at__gt=db_clock.now())
    return rows.select_related("service", "environment", "by")


def _mark_overridden(
    standing: list[Obstacle], service: Service, version: str, environment: Environment
) -> list[Obstacle]:
    """Of exactly this version: an abbreviation of a commit is another one."""
    rows = current_overrides().filter(
        service=service, environment=environment, version=version.strip()
    )
    by_key = {key: row for row in rows for key in row.obstacles}
    return [replace(each, overridden=by_key.get(each.key)) for each in standing]


def _pins(service: Service, version: str) -> Iterator[Obstacle]:
    for pin in current_pins(service, version):
        yield Obstacle("pin", pin.pk, f"{pin.version} is pinned as one not to deploy: {pin.reason}")


def _rollbacks(service: Service, environment: Environment) -> Iterator[Obstacle]:
    """Open until its checks are answered: only then is it known what the next one starts from."""
    rows = Rollback.objects.filter(service=service, environment=environment)
    for row in rows.exclude(state__in=TERMINAL).order_by("pk"):
        yield Obstacle("rollback", row.pk, f"Rollback {row.pk} of {service} is {row.state} there.")


def _lock(service: Service, environment: Environment) -> Iterator[Obstacle]:
    """A rollback of another service that works on the same environment."""
    locks = Lock.objects.filter(environment=environment).exclude(rollback__service=service)
    for lock in locks.select_related("rollback__service"):
        row = lock.rollback
        sentence = f"Rollback {row.pk} of {row.service} works on {environment}."
        yield Obstacle("lock", row.pk, sentence)


def _freezes(service: Service, environment: Environment) -> Iterator[Obstacle]:
    now = db_clock.now()
    rows = FreezeWindow.objects.filter(environment=environment, starts_at__lte=now, ends_at__gt=now)
    for window in rows.filter(Q(service=None) | Q(service=service)):
        sentence = f"Deployments to {environment} are frozen: {window.reason}"
        yield Obstacle("freeze_window", window.pk, sentence, until=window.ends_at)
