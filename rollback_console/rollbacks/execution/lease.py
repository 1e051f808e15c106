"""The lease: who may drive a rollback now. Every claim raises the fence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from rollback_console.engine.states import IN_FLIGHT, RollbackState, may_move, may_step_move

from .. import db_clock
from ..errors import LeaseLost, MovedOn
from ..events import gathering_events
from ..models import Rollback, StepRun

DRIVEN = [
    RollbackState.APPROVED,
    RollbackState.RUNNING,
    RollbackState.WAITING,
    RollbackState.VERIFYING,
    RollbackState.ABORTING,
]
AT_ONCE = 500  # rows that one statement moves; a database takes only so many parameters


@transaction.atomic
def claim(rollback_id: int, owner: str) -> int | None:
    """Take the lease if it is free or lapsed; the new fence, or None when somebody has it."""
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    taken = Rollback.objects.filter(free, pk=rollback_id, state__in=DRIVEN).update(
        fence=F("fence") + 1, lease_owner=owner, lease_until=db_clock.later(settings.LEASE)
    )
    if not taken:
        return None
    fence = Rollback.objects.values_list("fence", flat=True).get(pk=rollback_id)
    StepRun.objects.filter(rollback_id=rollback_id, state__in=IN_FLIGHT).update(fence=fence)
    return fence


def renew(rollback_id: int, fence: int) -> None:
    """Hold the lease for another while. Raises LeaseLost when the fence has risen."""
    until = db_clock.later(settings.LEASE)
    if not Rollback.objects.filter(pk=rollback_id, fence=fence).update(lease_until=until):
        raise LeaseLost


@contextmanager
def holding(rollback_id: int, fence: int) -> Iterator[Rollback]:
    """A transaction with the rollback's row locked and the fence proven to be ours.

    All in it happens at one moment, and its events are written together at its end.
    Raises LeaseLost before anything is written when it is not.
    """
    with transaction.atomic():
        row = Rollback.objects.select_for_update().filter(pk=rollback_id, fence=fence).first()
        if row is None:
            raise LeaseLost
        with db_clock.at_one_moment(), gathering_events(row):
            yield row


def release(row: Rollback, *, due: Any) -> None:
    """Give the lease back inside `holding`; `due` is when the next slice should begin."""
    Rollback.objects.filter(pk=row.pk, fence=row.fence).update(
        lease_owner="", lease_until=None, due_at=due
    )


def move(row: Rollback, to: RollbackState, **fields: Any) -> None:
    """Move a rollback by the table. Raises MovedOn when its row is not as we saw it."""
    if not may_move(row.state, to):
        raise MovedOn(f"A rollback cannot go from {row.state} to {to}.")
    guarded = Rollback.objects.filter(pk=row.pk, state=row.state, fence=row.fence)
    if guarded.update(state=to, **fields) != 1:
        raise MovedOn(f"Rollback {row.pk} is no longer {row.state}.")
    row.state = to


def move_run(run: StepRun, to: str, **fields: Any) -> None:
    """Move a step run by the table, and `run` with it.

    Raises MovedOn when its row is not as we saw it.
    """
    if not may_step_move(run.state, to):
        raise MovedOn(f"A step run cannot go from {run.state} to {to}.")
    guarded = StepRun.objects.filter(pk=run.pk, state=run.state, fence=run.fence)
    if guarded.update(state=to, **fields) != 1:
        raise MovedOn(f"{run} is no longer {run.state}.")
    _write(run, to, fields)


def move_runs(runs: list[StepRun], to: str, **fields: Any) -> None:
    """`move_run` of many, in as few statements as may be."""
    alike = defaultdict(list)
    for run in runs:
        if not may_step_move(run.state, to):
            raise MovedOn(f"A step run cannot go from {run.state} to {to}.")
        alike[run.state, run.fence].append(run)
    for (state, fence), group in alike.items():
        for start in range(0, len(group), AT_ONCE):
            keys = [run.pk for run in group[start : start + AT_ONCE]]
            guarded = StepRun.objects.filter(pk__in=keys, state=state, fence=fence)
            if guarded.update(state=to, **fields) != len(keys):
                raise MovedOn(f"A run of {len(keys)} is no longer {state}.")
    for run in runs:
        _write(run, to, fields)


def _write(run: StepRun, to: str, fields: Mapping[str, Any]) -> None:
    for name, value in {**fields, "state": to}.items():
        setattr(run, name, value)
