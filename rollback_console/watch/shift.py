"""A worker's turn in one network zone: what is due is claimed, looked at, and stored.

One worker at a time holds a zone, under a lease on the database's clock; a watch is claimed in
one guarded UPDATE besides, so that even two that believe they hold it look at nothing twice.
Whatever a dead worker had claimed is due again after LEFT.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db.models import Min, Q, QuerySet
from django.db.models.functions import Now

from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.execution.failpoints import failpoint

from .actions.observations import store_observations
from .actions.triggers import rules
from .checking import UNKNOWN, Observation, observe
from .models import TriggerWatch, ZoneShift
from .probes import read_probe

log = logging.getLogger(__name__)

ROOM = 16
"""Looks at once."""

LEFT = timedelta(seconds=20)
"""After so long a look that nobody stored is due again; longer than one may take."""

LEASE = timedelta(seconds=15)
SLICE = 50.0
"""Seconds a turn lasts at most."""

_PAUSE = 1.0
_IDLE = timedelta(seconds=5)
"""Where nothing is due for so long, the turn ends: the sweeper hands over the next one."""


def due_watches(zone: str) -> QuerySet[TriggerWatch]:
    """What is due in a zone, on the database's clock."""
    return _of_zone(zone).filter(due_at__lte=Now())


def take_turn(
    number: int,
    *,
    seconds: float = SLICE,
    stopping: Callable[[], bool] = lambda: False,
) -> bool:
    """Work in a zone for at most `seconds`; whether more will be due soon.

    False at once where another worker holds it.
    """
    shift = ZoneShift.objects.get(pk=number)
    holder = uuid.uuid4()
    if not _hold(number, holder):
        return False
    until = time.monotonic() + seconds
    try:
        with ThreadPoolExecutor(max_workers=ROOM, thread_name_prefix="watch") as pool:
            turn = _Turn(shift.zone, pool)
            while _hold(number, holder) and turn.work():
                if time.monotonic() >= until or stopping():
                    turn.finish()
                    return not stopping()
    finally:
        ZoneShift.objects.filter(pk=number, holder=holder).update(lease_until=None, holder=None)
    return False


@dataclass
class _Turn:
    """One claim for all of a turn, and the looks that are under way."""

    zone: str
    pool: ThreadPoolExecutor
    claim: UUID = field(default_factory=uuid.uuid4)
    looks: dict[Future[Observation], int] = field(default_factory=dict)

    def work(self) -> bool:
        """Claim, look and store for about a second; False when nothing is due for a while."""
        self._begin()
        if self.looks:
            wait(self.looks, timeout=_PAUSE)
            self._store()
        elif not _soon(self.zone):
            return False
        else:
            # What falls due within the second is claimed and stored together.
            time.sleep(_PAUSE)
        return True

    def finish(self) -> None:
        """Store what is under way."""
        wait(self.looks)
        self._store()

    def _begin(self) -> None:
        room = ROOM * 4 - len(self.looks)
        for row in claim_due(self.zone, self.claim, room, at_work=self.looks.values()):
            self.looks[self.pool.submit(_look, row)] = row.pk

    def _store(self) -> None:
        done = [look for look in self.looks if look.done()]
        observations = {self.looks.pop(look): look.result() for look in done}
        if observations:
            failpoint("watch.looked")
            store_observations(self.claim, observations)


def claim_due(
    zone: str, claim: UUID, most: int, *, at_work: Iterable[int] = ()
) -> list[TriggerWatch]:
    """Claim what is due the longest, and nothing that somebody else, or we, are at."""
    due = due_watches(zone).exclude(pk__in=list(at_work)).order_by("due_at")
    numbers = list(due.values_list("pk", flat=True)[:most])
    if not numbers:
        return []
    mine = TriggerWatch.objects.filter(pk__in=numbers, due_at__lte=Now())
    mine.update(claim=claim, due_at=db_clock.later(LEFT))
    claimed = TriggerWatch.objects.filter(pk__in=numbers, claim=claim)
    failpoint("watch.claimed")
    return list(claimed.select_related("trigger", "deployment"))


def _look(row: TriggerWatch) -> Observation:
    deployed_at = row.deployment.finished_at or row.deployment.started_at
    try:
        probe = read_probe(row.trigger.kind, row.trigger.probe)
        return observe(probe, rules(), deployed_at=deployed_at, baseline=row.baseline)
    except Exception:
        log.exception("The trigger %s could not be looked at.", row.trigger_id)
        return Observation(UNKNOWN, "The console could not look: see its log.")


def _hold(number: int, holder: UUID) -> bool:
    """Take the zone, or keep it; False when another worker holds it."""
    free = Q(holder=holder) | Q(lease_until=None) | Q(lease_until__lt=Now())
    mine = ZoneShift.objects.filter(free, pk=number)
    return bool(mine.update(holder=holder, lease_until=db_clock.later(LEASE)))


def _soon(zone: str) -> bool:
    first = _of_zone(zone).aggregate(first=Min("due_at"))["first"]
    return first is not None and first <= db_clock.now() + _IDLE


def _of_zone(zone: str) -> QuerySet[TriggerWatch]:
    return TriggerWatch.objects.filter(
        trigger__environment__zone__in=[zone, *([""] if zone == "default" else [])],
        due_at__isnull=False,
    )
