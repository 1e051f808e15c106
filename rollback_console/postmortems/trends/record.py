"""What an ended rollback adds to trends, worked out once and kept as a row.

Reading a snapshot, a plan and every attempt again for each rollback would make the page slower
with every one that ends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Min, QuerySet

from rollback_console.engine.snapshot import Snapshot
from rollback_console.engine.states import ENDED_BADLY, TERMINAL
from rollback_console.plans.document_cache import document
from rollback_console.plans.models import Revision
from rollback_console.rollbacks.models import Event, Rollback, StepRun

from ..models import Import, Measure, Postmortem
from .estimates import authors

AT_ONCE = 200


def measure(rollback: Rollback) -> None:
    """Keep what an ended rollback adds, in place of what was kept before."""
    _keep(_ended().filter(pk=rollback.pk))


def catch_up() -> None:
    """Measure what ended unmeasured: before an upgrade, or in a process that died just then."""
    if _ended().count() == Measure.objects.count():
        return
    while _keep(_ended().filter(measure=None).order_by("-id")[:AT_ONCE]):
        pass


def _ended() -> QuerySet[Rollback]:
    return Rollback.objects.filter(state__in=TERMINAL)


@transaction.atomic
def _keep(rows: QuerySet[Rollback]) -> int:
    ended = list(rows)
    Measure.objects.filter(rollback__in=ended).delete()
    # Somebody else may be doing the same, and would write the same.
    Measure.objects.bulk_create(_measures(ended), ignore_conflicts=True)
    return len(ended)


def _measures(ended: Sequence[Rollback]) -> list[Measure]:
    revisions = Revision.objects.select_related("plan").in_bulk({x.revision_id for x in ended})
    decided, began, loaded = _first_decisions(ended), _beginnings(ended), _imported(ended)
    tried = _tried(ended)
    return [
        _measure(
            each,
            revisions[each.revision_id],
            decided.get(each.pk),
            began.get(each.pk),
            tried[each.pk],
            imported=each.pk in loaded,
        )
        for each in ended
    ]


def _first_decisions(rollbacks: Sequence[Rollback]) -> dict[int, datetime]:
    events = Event.objects.filter(
        rollback__in=rollbacks, kind__in=["approval.given", "approval.rejected"]
    ).order_by()
    first = events.values("rollback_id").annotate(first=Min("at"))
    return {row["rollback_id"]: datetime.fromisoformat(row["first"]) for row in first}


def _beginnings(rollbacks: Sequence[Rollback]) -> dict[int, datetime]:
    known = Postmortem.objects.filter(rollback__in=rollbacks)
    return {pk: at for pk, at in known.values_list("rollback_id", "began_at") if at}


def _imported(rollbacks: Sequence[Rollback]) -> set[int]:
    return set(Import.objects.filter(rollback__in=rollbacks).values_list("rollback_id", flat=True))


def _tried(ended: Sequence[Rollback]) -> Mapping[int, list[StepRun]]:
    runs: dict[int, list[StepRun]] = defaultdict(list)
    attempts = StepRun.objects.filter(rollback__in=ended, started_at__isnull=False)
    for run in attempts.only("rollback_id", "position", "state", "started_at", "ended_at"):
        runs[run.rollback_id].append(run)
    return runs


def _measure(
    rollback: Rollback,
    revision: Revision,
    decided: datetime | None,
    began: datetime | None,
    runs: Sequence[StepRun],
    *,
    imported: bool,
) -> Measure:
    snapshot = Snapshot.from_json(rollback.snapshot)
    well = rollback.finished_at if rollback.state == "succeeded" else None
    guess = authors(document(revision), snapshot)
    return Measure(
        rollback=rollback,
        plan=revision.plan,
        service_id=rollback.service_id,
        environment_id=rollback.environment_id,
        title=rollback.title,
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
        low=guess.low.total_seconds() if guess else None,
        high=guess.high.total_seconds() if guess else None,
        imported=imported,
        steps=_steps(snapshot, runs),
    )


def _steps(snapshot: Snapshot, runs: Sequence[StepRun]) -> list[list[Any]]:
    """A title, of which a plan may have two alike: attempts, ended badly, seconds."""
    by_title: dict[str, list[StepRun]] = defaultdict(list)
    for run in runs:
        by_title[snapshot.step(run.position).title].append(run)
    return [
        [
            title,
            len(mine),
            sum(run.state in ENDED_BADLY for run in mine),
            [s for run in mine if (s := _seconds(run.started_at, run.ended_at)) is not None],
        ]
        for title, mine in by_title.items()
    ]


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return max((end - start).total_seconds(), 0.0) if start and end else None
