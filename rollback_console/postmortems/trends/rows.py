"""Ended rollbacks as plain measures, for trends: seconds everywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, QuerySet

from ..models import Measure
from .record import catch_up

MOST = 2_000
"""How many rollbacks are read, the newest first; a page says when there are more."""


@dataclass(frozen=True, slots=True)
class TrendFilter:
    """Which rollbacks; "" is every service or environment, 0 days is all time."""

    service: str = ""
    environment: str = ""
    days: int = 90


@dataclass(frozen=True, slots=True)
class Case:
    """One ended rollback. None for a phase it never reached.

    `restore` is from start to success, `recover` from the failure (`recover_known`) or, where
    nobody wrote when that was, from the request. `estimate` is the author's (low, high).
    """

    number: int
    title: str
    service: str
    environment: str
    plan: str
    plan_slug: str
    procedure: str
    state: str
    requested_at: datetime
    started: bool
    decide: float | None
    approve: float | None
    start: float | None
    restore: float | None
    recover: float | None
    recover_known: bool
    imported: bool
    estimate: tuple[float, float] | None

    @property
    def verdict(self) -> str:
        """How the estimate did: within, under or over it; "" without both."""
        if self.restore is None or self.estimate is None:
            return ""
        low, high = self.estimate
        return "under" if self.restore < low else "over" if self.restore > high else "within"


@dataclass(frozen=True, slots=True)
class Tried:
    """All attempts of one step in one rollback: how many, how many ended badly, seconds each."""

    plan: str
    title: str
    attempts: int
    failed: int
    seconds: list[float]


@dataclass(frozen=True)
class Chosen:
    """What `filter` names. Two that are equal hold the same measures: each that is made or made
    anew has a higher id, and one that falls out of the period changes the count."""

    filter: TrendFilter
    count: int
    newest: int | None
    since: datetime | None
    until: datetime | None
    rows: QuerySet[Measure] = field(compare=False, repr=False)


_READ = (
    *("rollback_id", "title", "service__slug", "environment__slug", "plan__title", "plan__slug"),
    *("procedure", "state", "requested_at", "started"),
    *("decide", "approve", "start", "restore", "recover", "recover_known", "imported"),
    *("low", "high", "steps"),
)


def choose(narrowing: TrendFilter, now: datetime) -> Chosen:
    """The measures that `narrowing` names, the newest rollback first, not read yet."""
    catch_up()
    rows = Measure.objects.order_by("-requested_at", "-rollback_id")
    if narrowing.service:
        rows = rows.filter(service__slug=narrowing.service)
    if narrowing.environment:
        rows = rows.filter(environment__slug=narrowing.environment)
    if narrowing.days:
        rows = rows.filter(requested_at__gte=now - timedelta(days=narrowing.days))
    facts = rows.order_by().aggregate(
        count=Count("pk"), newest=Max("pk"), since=Min("requested_at"), until=Max("requested_at")
    )
    return Chosen(narrowing, rows=rows, **facts)


def read_cases(chosen: Chosen) -> tuple[list[Case], list[Tried]]:
    """At most 2,000 rollbacks and what they tried, in one query."""
    rows = list(chosen.rows.values_list(*_READ)[:MOST])
    cases = [_case(row) for row in rows]
    pairs = zip(cases, rows, strict=True)
    return cases, [Tried(case.plan, *each) for case, row in pairs for each in row[-1]]


def _case(row: tuple[Any, ...]) -> Case:
    *columns, low, high, _ = row
    values: list[Any] = [*columns, None if low is None else (low, high)]
    return Case(*values)
