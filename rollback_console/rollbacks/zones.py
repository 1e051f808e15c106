"""Network zones: which worker can reach an environment's hosts, and whether any is there.

A zone is a word; "" and `default` are the same. Each has a queue of its own.
"""

from __future__ import annotations

from django.conf import settings

from rollback_console.plans.models import Asking, Environment, SignInTrial

from . import db_clock
from .models import ProcessSeen, Rollback
from .queries import health

DEFAULT = "default"


def zone_of_rollback(rollback_id: int) -> str:
    """The zone of a rollback's hosts; `default` for one that is not there."""
    names = Rollback.objects.filter(pk=rollback_id).values_list("environment__zone", flat=True)
    return names.first() or DEFAULT


def zone_of_asking(asking_id: int) -> str:
    """The zone of the hosts that somebody wants asked; `default` for a wish that is not there."""
    askings = Asking.objects.filter(pk=asking_id)
    return askings.values_list("revision__plan__environment__zone", flat=True).first() or DEFAULT


def zone_of_trial(trial_id: int) -> str:
    """The zone of the host to sign in to; `default` for a trial that is not there."""
    trials = SignInTrial.objects.filter(pk=trial_id)
    return trials.values_list("host__environment__zone", flat=True).first() or DEFAULT


def queue(zone: str) -> str:
    """The broker's queue for what happens in a zone."""
    name: str = settings.CELERY_TASK_DEFAULT_QUEUE
    return name if zone == DEFAULT else f"{name}.{zone}"


def is_ours(zone: str) -> bool:
    """Whether this process may reach hosts there."""
    return zone in settings.ZONES


def ours() -> list[str]:
    """The zones whose hosts this process may reach, as environments name them."""
    return [*settings.ZONES, *([""] if is_ours(DEFAULT) else [])]


def served() -> dict[str, bool]:
    """Every zone that an environment is in, and whether a worker of it is alive."""
    fresh = ProcessSeen.objects.filter(role="worker", at__gte=db_clock.later(-health.FRESH))
    alive = {zone for zones in fresh.values_list("zones", flat=True) for zone in zones}
    named = {zone or DEFAULT for zone in Environment.objects.values_list("zone", flat=True)}
    return {zone: zone in alive for zone in sorted(named)}
