"""Ended rollbacks as plain measures, for trends: seconds everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min

from rollback_console.engine.snapshot import Snapshot
from rollback_console.engine.states import ENDED_BADLY, TERMINAL
from rollback_console.plans.models import Revision
from rollback_console.plans.reading import document
from rollback_console.rollbacks.models import Event, Rollback, StepRun

from .estimates import authors
from .models import Import, Postmortem

MOST = 2_000
"""How many rollbacks are read, the newest first; a page says when there are more."""


@dataclass(frozen=True, slots=True)
class Wanted:
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
    estimate: tuple[float, float] | None
    imported: bool

    @property
    def verdict(self) -> str:
        """How the estimate did: within, under or over it; "" without both."""
        if self.restore is None or self.estimate is None:
            return ""
        low, high = self.estimate
        return "under" if self.restore < low else "over" if self.restore > high else "within"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of one step on one host."""

    plan: str
    title: str
    seconds: float | None
    bad: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What was asked for, the newest first; `left_out` older ones were not read."""

    cases: list[Case]
    attempts: list[Attempt]
    left_out: int


def find(wanted: Wanted, now: datetime) -> Found:
    """Ended rollbacks that `wanted` names, measured, in a fixed number of queries."""
    rows = Rollback.objects.filter(state__in=TERMINAL)
    if wanted.service:
        rows = rows.filter(service__slug=wanted.service)
    if wanted.environment:
        rows = rows.filter(environment__slug=wanted.environment)
    if wanted.days:
        rows = rows.filter(requested_at__gte=now - timedelta(days=wanted.days))
    rows = rows.order_by("-requested_at", "-id")
    related = rows.select_related("service", "environment", "revision__plan")
    found = list(related.defer("revision__source")[:MOST])
    left_out = max(rows.count() - MOST, 0) if len(found) == MOST else 0
    snapshots = {each.pk: Snapshot.from_json(each.snapshot) for each in found}
    return Found(_cases(found, snapshots), _attempts(found, snapshots), left_out)


def _cases(found: Sequence[Rollback], snapshots: Mapping[int, Snapshot]) -> list[Case]:
    decided = _first_decisions(found)
    began = dict(
        Postmortem.objects.filter(rollback__in=found, began_at__isnull=False).values_list(
            "rollback_id", "began_at"
        )
    )
    loaded = set(Import.objects.filter(rollback__in=found).values_list("rollback_id", flat=True))
    revisions = Revision.objects.in_bulk({each.revision_id for each in found})
    return [
        _case(
            each,
            snapshots[each.pk],
            revisions[each.revision_id],
            decided.get(each.pk),
            began.get(each.pk),
            each.pk in loaded,
        )
        for each in found
    ]


def _first_decisions(found: Sequence[Rollback]) -> dict[int, datetime]:
    events = Event.objects.filter(
        rollback__in=found, kind__in=["approval.given", "approval.rejected"]
    ).order_by()
    first = events.values("rollback_id").annotate(first=Min("at"))
    return {row["rollback_id"]: datetime.fromisoformat(row["first"]) for row in first}


def _case(
    rollback: Rollback,
    snapshot: Snapshot,
    revision: Revision,
    decided: datetime | None,
    began: datetime | None,
    imported: bool,
) -> Case:
    well = rollback.finished_at if rollback.state == "succeeded" else None
    guess = authors(document(revision), snapshot)
    return Case(
        number=rollback.pk,
        title=rollback.title,
        service=rollback.service.slug,
        environment=rollback.environment.slug,
        plan=rollback.revision.plan.title,
        plan_slug=rollback.revision.plan.slug,
        procedure=snapshot.procedure,
        state=rollback.state,
        requested_at=rollback.requested_at,
        started=rollback.started_at is not None,
        decide=_seconds(rollback.requested_at, decided),
        approve=_seconds(rollback.requested_at, rollback.approved_at),
        start=_seconds(rollback.approved_at, rollback.started_at),
        restore=_seconds(rollback.started_at, well),
        recover=_seconds(began or rollback.requested_at, well),
        recover_known=began is not None,
        estimate=(guess.low.total_seconds(), guess.high.total_seconds()) if guess else None,
        imported=imported,
    )


def _attempts(found: Sequence[Rollback], snapshots: Mapping[int, Snapshot]) -> list[Attempt]:
    by_number = {each.pk: each for each in found}
    runs = StepRun.objects.filter(rollback__in=found, started_at__isnull=False)
    return [
        Attempt(
            plan=by_number[number].revision.plan.title,
            title=snapshots[number].step(position).title,
            seconds=_seconds(start, end),
            bad=state in ENDED_BADLY,
        )
        for number, position, state, start, end in runs.values_list(
            "rollback_id", "position", "state", "started_at", "ended_at"
        )
    ]


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return max((end - start).total_seconds(), 0.0) if start and end else None
