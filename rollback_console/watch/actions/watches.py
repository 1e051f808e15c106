"""Beginning and ending watches, by the sweeper: what is missing is begun, whenever it is seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from rollback_console.deployments.models import Deployment
from rollback_console.rollbacks import db_clock

from ..models import Sample, Trigger, TriggerWatch
from ..schedule import LONGEST
from .observations import end_firing

KEPT = timedelta(days=30)
"""How long samples stay."""

_OVER = "The deployment is taken back, or another one followed."


def begin_watches() -> int:
    """Watch each trigger after the newest deployment of its service and environment."""
    missing = [
        TriggerWatch(trigger_id=trigger, deployment_id=deployment, due_at=Now())
        for trigger, deployment in _missing()
    ]
    TriggerWatch.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def end_watches() -> int:
    """End those of deployments that are taken back, or after which another one ended."""
    over = TriggerWatch.objects.filter(due_at__isnull=False)
    over = over.filter(Q(deployment__decision="yes") | Exists(_later_ones("deployment__")))
    return sum(_end(number) for number in over.values_list("pk", flat=True))


def forget_samples() -> int:
    """Remove what is older than anybody draws; how many that were."""
    return Sample.objects.filter(at__lt=db_clock.later(-KEPT)).delete()[0]


def _missing() -> Iterator[tuple[int, int]]:
    """(trigger, deployment) of what should be watched and is not: two queries in all."""
    newest = {
        (service, environment): number
        for number, service, environment in _watched_deployments().values_list(
            "pk", "service", "environment"
        )
    }
    known = set(
        TriggerWatch.objects.filter(deployment__in=newest.values()).values_list(
            "trigger", "deployment"
        )
    )
    for trigger, service, environment in Trigger.objects.values_list(
        "pk", "service", "environment"
    ):
        number = newest.get((service, environment))
        if number is not None and (trigger, number) not in known:
            yield trigger, number


def _watched_deployments() -> QuerySet[Deployment]:
    ended = Deployment.objects.filter(finished_at__gt=db_clock.later(-LONGEST))
    return ended.exclude(decision="yes").exclude(Exists(_later_ones("")))


def _later_ones(prefix: str) -> QuerySet[Deployment]:
    """Those that ended: one that only began has replaced nothing yet, and may never do so."""
    return Deployment.objects.filter(
        finished_at__isnull=False,
        service=OuterRef(f"{prefix}service"),
        environment=OuterRef(f"{prefix}environment"),
        pk__gt=OuterRef(f"{prefix}pk"),
    )


@transaction.atomic
def _end(number: int) -> bool:
    rows = TriggerWatch.objects.select_for_update().filter(pk=number, due_at__isnull=False)
    row = rows.select_related("trigger").first()
    if row is None:
        return False
    if row.fired_at is not None:
        end_firing(row, f"{row.trigger.text}: watched no more. {_OVER}", db_clock.now())
    # Whoever looks at it right now finds its claim gone, and stores nothing.
    ended = TriggerWatch.objects.filter(pk=number, due_at__isnull=False)
    return bool(ended.update(due_at=None, claim=None, fired_at=None))
