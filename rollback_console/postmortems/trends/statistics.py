"""What many rollbacks show together: how long, how well, where it hurts, what is still open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.db.models import QuerySet

from rollback_console.common.statistics import percentile

from .. import checklist
from ..models import ActionItem
from .rows import MOST, Case, Chosen, TrendFilter, Tried, choose, read_cases

PHASES = (
    ("decide", "Request to first decision"),
    ("approve", "Request to approval"),
    ("start", "Approval to start"),
    ("restore", "Start to restored"),
    ("recover", "Failed deployment recovery"),
)
MANY = 10
"""How many lines a ranking has."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Seconds; None where no rollback got that far. `guessed` of `count` recoveries are counted
    from the request, because nobody wrote when the failure began."""

    name: str
    label: str
    count: int
    median: float | None
    p90: float | None
    guessed: int = 0


@dataclass(frozen=True, slots=True)
class Month:
    """One month, as 2026-11: how many ended, how many of them well, and seconds to recover."""

    name: str
    ended: int
    succeeded: int
    recover: float | None


@dataclass(frozen=True, slots=True)
class Success:
    """How often a plan's procedure worked, of the times it was started."""

    plan: str
    slug: str
    procedure: str
    started: int
    succeeded: int

    @property
    def rate(self) -> float:
        """Between 0 and 1."""
        return self.succeeded / self.started if self.started else 0.0


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of one plan over all its attempts: seconds, and how many ended badly."""

    plan: str
    title: str
    attempts: int
    failed: int
    median: float | None
    p90: float | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the measures show together: `truths` are the newest with an estimate."""

    phases: list[Phase]
    months: list[Month]
    success: list[Success]
    slowest: list[StepLine]
    failing: list[StepLine]
    truths: list[Case]


@dataclass(frozen=True, slots=True)
class Trends:
    """Everything on the page: `count` rollbacks, of which the `left_out` oldest were not read.

    `open` is not read before it is iterated, and may be long.
    """

    chosen: Chosen
    drawn: Drawn
    open: QuerySet[ActionItem]

    @property
    def count(self) -> int:
        """How many were read."""
        return self.chosen.count - self.left_out

    @property
    def left_out(self) -> int:
        """How many older ones were not."""
        return max(self.chosen.count - MOST, 0)


def trends(narrowing: TrendFilter, now: datetime) -> Trends:
    """The trends of what `narrowing` names, in a fixed number of queries."""
    chosen = choose(narrowing, now)
    return Trends(chosen, _drawn(chosen), _open(narrowing, now))


@lru_cache(maxsize=32)
def _drawn(chosen: Chosen) -> Drawn:
    """Kept until a rollback ends, one falls out of the period, or somebody writes when it began."""
    cases, tried = read_cases(chosen)
    lines = _steps(tried)
    return Drawn(
        phases=[_phase(cases, name, label) for name, label in PHASES],
        months=_months(cases),
        success=_success(cases),
        slowest=_top(lines, lambda line: line.median or 0.0),
        failing=_top(lines, lambda line: line.failed),
        truths=[case for case in cases if case.restore and case.estimate][:MANY],
    )


def _phase(cases: Iterable[Case], name: str, label: str) -> Phase:
    took = [(getattr(case, name), case) for case in cases if getattr(case, name) is not None]
    values = [seconds for seconds, _ in took]
    guessed = sum(not case.recover_known for _, case in took) if name == "recover" else 0
    return Phase(name, label, len(values), _part(values, 0.5), _part(values, 0.9), guessed)


def _months(cases: Iterable[Case]) -> list[Month]:
    by_month: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_month[f"{case.requested_at:%Y-%m}"].append(case)
    return [_month(name, by_month.get(name, [])) for name in _every_month(by_month)]


def _every_month(named: Iterable[str]) -> list[str]:
    """From the first to the last, those without a rollback too."""
    known = sorted(named)
    if not known:
        return []
    first, last = (int(name[:4]) * 12 + int(name[5:]) - 1 for name in (known[0], known[-1]))
    return [f"{at // 12:04}-{at % 12 + 1:02}" for at in range(first, last + 1)]


def _month(name: str, cases: Sequence[Case]) -> Month:
    recover = [case.recover for case in cases if case.recover is not None]
    succeeded = sum(case.state == "succeeded" for case in cases)
    return Month(name, len(cases), succeeded, _part(recover, 0.5))


def _success(cases: Iterable[Case]) -> list[Success]:
    groups: dict[tuple[str, str, str], list[Case]] = defaultdict(list)
    for case in cases:
        if case.started:
            groups[case.plan, case.plan_slug, case.procedure].append(case)
    return [
        Success(*names, len(each), sum(case.state == "succeeded" for case in each))
        for names, each in sorted(groups.items())
    ]


def _steps(attempts: Iterable[Tried]) -> list[StepLine]:
    groups: dict[tuple[str, str], list[Tried]] = defaultdict(list)
    for each in attempts:
        groups[each.plan, each.title].append(each)
    return [_line(plan, title, tried) for (plan, title), tried in sorted(groups.items())]


def _line(plan: str, title: str, tried: Sequence[Tried]) -> StepLine:
    took = [seconds for each in tried for seconds in each.seconds]
    attempts, failed = sum(each.attempts for each in tried), sum(each.failed for each in tried)
    return StepLine(plan, title, attempts, failed, _part(took, 0.5), _part(took, 0.9))


def _top(lines: Iterable[StepLine], measure: Callable[[StepLine], float]) -> list[StepLine]:
    return sorted(filter(measure, lines), key=measure, reverse=True)[:MANY]


def _open(narrowing: TrendFilter, now: datetime) -> QuerySet[ActionItem]:
    items = checklist.open_items()
    if narrowing.service:
        items = items.filter(rollback__service__slug=narrowing.service)
    if narrowing.environment:
        items = items.filter(rollback__environment__slug=narrowing.environment)
    if narrowing.days:
        since = now - timedelta(days=narrowing.days)
        items = items.filter(rollback__requested_at__gte=since)
    return items


def _part(values: Sequence[float], part: float) -> float | None:
    return percentile(values, part) if values else None
