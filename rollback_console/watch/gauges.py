"""How the watch stands, in numbers for a monitoring system; a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Min, Q

from rollback_console.rollbacks import db_clock

from .models import Firing, TriggerWatch


@dataclass(frozen=True, slots=True)
class WatchGauges:
    """`verdicts` counts what is watched by what was seen last, "none" before the first look;
    `due_age` is in seconds, 0 when nothing is due."""

    verdicts: dict[str, int]
    due_age: float
    firing: int
    alarms: int
    false_alarms: int


def read_watch_gauges() -> WatchGauges:
    """Everything at one moment. Raises django.db.Error when the database is away."""
    now, watched = db_clock.now(), TriggerWatch.objects.filter(due_at__isnull=False).order_by()
    counted = dict(watched.values_list("verdict").annotate(Count("id")))
    first = watched.aggregate(first=Min("due_at"))["first"]
    firings = Firing.objects.filter(fired_at__gt=now - timedelta(days=1)).aggregate(
        alarms=Count("id"), false=Count("id", filter=Q(false_alarm=True))
    )
    return WatchGauges(
        verdicts={
            "passed": counted.get("passed", 0),
            "failed": counted.get("failed", 0),
            "unknown": counted.get("unknown", 0),
            "none": counted.get("", 0),
        },
        due_age=max((now - first).total_seconds(), 0.0) if first else 0.0,
        firing=watched.filter(fired_at__isnull=False).count(),
        alarms=firings["alarms"],
        false_alarms=firings["false"],
    )
