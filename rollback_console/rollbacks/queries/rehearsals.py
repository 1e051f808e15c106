"""When a plan was last rehearsed: the same plan, done where rollbacks are practised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from rollback_console.engine.snapshot import Snapshot
from rollback_console.engine.states import RollbackState
from rollback_console.plans.models import Plan

from ..execution.view import snapshot_of
from ..models import Rollback


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The last rehearsal that succeeded. `different` are titles of steps that were not the
    same there, word for word, or that one side lacks; `seconds` is how long it took."""

    rollback: Rollback
    at: datetime
    seconds: float
    different: tuple[str, ...]


def last(plan: Plan, snapshot: Snapshot | None) -> Rehearsal | None:
    """The newest rehearsal of this plan, compared with what `snapshot` would run."""
    rehearsal = rehearsals(plan).order_by("-finished_at").select_related("environment").first()
    if rehearsal is None or not (rehearsal.finished_at and rehearsal.started_at):
        return None
    different = differing(snapshot_of(rehearsal.snapshot), snapshot) if snapshot else ()
    took = (rehearsal.finished_at - rehearsal.started_at).total_seconds()
    return Rehearsal(rehearsal, rehearsal.finished_at, took, different)


def rehearsals(plan: Plan) -> QuerySet[Rollback]:
    """Rollbacks that succeeded by a plan of that title, for that service, where it is rehearsed."""
    return _succeeded_here().filter(
        service=plan.service_id,
        environment__rehearses=plan.environment_id,
        revision__plan__title=plan.title,
    )


def all_rehearsals() -> QuerySet[Rollback]:
    """The rehearsals of every plan."""
    rehearsed = Plan.objects.filter(
        title=OuterRef("revision__plan__title"),
        service=OuterRef("service"),
        environment=OuterRef("environment__rehearses"),
    )
    return _succeeded_here().filter(Exists(rehearsed))


def _succeeded_here() -> QuerySet[Rollback]:
    """What was loaded from a file did not run here and rehearses nothing."""
    return Rollback.objects.filter(
        state=RollbackState.SUCCEEDED, started_at__isnull=False, imported=None
    )


def differing(rehearsed: Snapshot, planned: Snapshot) -> tuple[str, ...]:
    """Steps whose commands are not the same; hosts, accounts and values may be others."""
    before = {step.title: step.script for step in rehearsed.steps}
    now = {step.title: step.script for step in planned.steps}
    return tuple(t for t in {**now, **before} if before.get(t) != now.get(t))
