"""Rollbacks that are due: ended when their time ran out, handed to workers, or driven here."""

from __future__ import annotations

import logging
from collections.abc import Sized
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

from django.db import close_old_connections, transaction
from django.db.models import Q
from django.db.models.functions import Now

from rollback_console.engine.states import RollbackState

from .. import db_clock, zones
from ..execution import apply, driver
from ..execution.lease import DRIVEN
from ..models import Rollback
from ..tasks import enqueue

log = logging.getLogger(__name__)

OVERDUE = timedelta(seconds=4)
"""After so long the sweep no longer trusts that a worker will come, and drives by itself."""

ROOM = 32
"""Rollbacks that one sweeper drives at a time; when there are more, they take turns."""


def drive_due(pool: ThreadPoolExecutor, driving: dict[int, Future[None]]) -> None:
    """Hand what is due to workers; drive in `pool` what they leave, and note it in `driving`."""
    for number in [number for number, work in driving.items() if work.done()]:
        del driving[number]
    overdue = set(due(OVERDUE))
    for number in due():
        taken = enqueue(number)
        ours = zones.is_ours(zones.zone_of_rollback(number))
        if ours and number not in driving and (not taken or number in overdue):
            driving[number] = pool.submit(_drive, number, driving)


def due(since: timedelta = timedelta(0)) -> list[int]:
    """Rollbacks that somebody should be driving, overdue by at least `since`."""
    limit = db_clock.later(-since)
    abandoned = Q(lease_until__lt=limit)
    waiting = Q(lease_until=None, due_at__lte=limit)
    rows = Rollback.objects.filter(abandoned | waiting, state__in=DRIVEN)
    return list(rows.order_by("id").values_list("id", flat=True))


def expire() -> None:
    """End requests nobody answered and approvals nobody started in time."""
    idle = Q(state=RollbackState.REQUESTED) | Q(state=RollbackState.APPROVED, lease_until=None)
    for number in Rollback.objects.filter(idle, expires_at__lt=Now()).values_list("id", flat=True):
        _expire(number)


@transaction.atomic
def _expire(number: int) -> None:
    row = Rollback.objects.select_for_update().get(pk=number)
    if row.state in {RollbackState.REQUESTED, RollbackState.APPROVED} and not row.lease_until:
        apply.expire(row)


def _drive(number: int, driving: Sized) -> None:
    try:
        while driver.advance(number):
            if driver.stopping.is_set():
                enqueue(number)
            if driver.stopping.is_set() or len(driving) > ROOM:
                return
    except Exception:
        log.exception("Driving rollback %s failed; it stays due.", number)
    finally:
        close_old_connections()
