"""How things stand now, in numbers for a monitoring system; a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Max, Q

from rollback_console.engine.states import IN_FLIGHT, RollbackState

from .. import db_clock, zones
from ..execution.lease import DRIVEN
from ..models import ProcessSeen, Rollback, StepRun
from . import health


@dataclass(frozen=True, slots=True)
class Seen:
    """Processes of one role: how many are alive, and how long ago the last one spoke.

    `seconds` is None when none was heard of within a day.
    """

    alive: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Gauges:
    """Ages are seconds on the database's clock, 0 when there is nothing to be old.

    `due` wait for a driver that should be there. `lease_age` counts from the last renewal.
    `questions` wait for a person while a rollback is under way. `zones` says of each network
    zone whether a worker of it is alive; `attempts` counts what hosts ran, by
    `python` or `shell`, for the rollbacks that were requested within a day.
    """

    states: dict[str, int]
    due: int
    queue_age: float
    leases: int
    lease_age: float
    questions: int
    approvals: int
    approval_age: float
    unreachable: int
    unreachable_age: float
    seen: dict[str, Seen]
    zones: dict[str, bool]
    attempts: dict[str, int]


def read_gauges() -> Gauges:
    """Everything at one moment. Raises django.db.Error when the database is away."""
    now = db_clock.now()
    driven = list(
        Rollback.objects.filter(state__in=DRIVEN).values_list("lease_until", "due_at", "question")
    )
    due = [since for until, at, _ in driven if (since := until or at) and since <= now]
    leased = [until - settings.LEASE for until, _, _ in driven if until]
    open_requests = Rollback.objects.filter(state=RollbackState.REQUESTED)
    requests = list(open_requests.values_list("requested_at", flat=True))
    silent = dict(_silent())
    return Gauges(
        states=_states(),
        due=len(due),
        queue_age=_oldest(due, now),
        leases=len(leased),
        lease_age=_oldest(leased, now),
        questions=sum(bool(question) for _, _, question in driven),
        approvals=len(requests),
        approval_age=_oldest(requests, now),
        unreachable=len(silent),
        unreachable_age=_oldest(silent.values(), now),
        seen=_seen(now),
        zones=zones.served(),
        attempts=_attempts(now),
    )


def _states() -> dict[str, int]:
    counted = Rollback.objects.order_by().values_list("state").annotate(Count("id"))
    return {state.value: 0 for state in RollbackState} | dict(counted)


def _attempts(now: datetime) -> dict[str, int]:
    since = now - timedelta(days=1)
    rows = StepRun.objects.filter(rollback__requested_at__gte=since).exclude(runner="")
    counted = rows.order_by().values_list("runner").annotate(Count("id"))
    return {"python": 0, "shell": 0} | dict(counted)


def _silent() -> Iterator[tuple[str, datetime]]:
    runs = StepRun.objects.filter(
        rollback__state__in=DRIVEN, state__in=IN_FLIGHT, unreachable_since__isnull=False
    )
    # The earliest of each host comes last, and stays.
    for run in runs.order_by("-unreachable_since").only("host", "unreachable_since"):
        if run.unreachable_since:
            yield run.host, run.unreachable_since


def _seen(now: datetime) -> dict[str, Seen]:
    fresh = Count("id", filter=Q(at__gte=now - health.FRESH))
    rows = ProcessSeen.objects.order_by().values_list("role").annotate(alive=fresh, last=Max("at"))
    known = {role: Seen(alive, _since(at, now)) for role, alive, at in rows}
    return {role: known.get(role, Seen(0, None)) for role in ("worker", "sweeper")}


def _oldest(moments: Iterable[datetime], now: datetime) -> float:
    return max((_since(each, now) for each in moments), default=0.0)


def _since(moment: datetime, now: datetime) -> float:
    return max(now - moment, timedelta(0)).total_seconds()
