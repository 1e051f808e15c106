"""The sweep: finds what is due and sees that somebody drives it, with or without Redis."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sized
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

from django.conf import settings
from django.db import Error, close_old_connections, transaction
from django.db.models import Q
from django.db.models.functions import Now

from rollback_console.audit.daily_anchor import anchor_daily
from rollback_console.engine.states import RollbackState

from .. import db_clock, signals, zones
from ..execution import apply, driver
from ..execution.lease import DRIVEN
from ..models import Rollback
from ..queries import health
from ..tasks import enqueue
from . import automated_checks, escalation, host_cleanup, readiness_schedule

log = logging.getLogger(__name__)

OVERDUE = timedelta(seconds=4)
"""After so long the sweep no longer trusts that a worker will come, and drives by itself."""


ROOM = 32
"""Rollbacks that one sweeper drives at a time; when there are more, they take turns."""


def forever(stop: threading.Event) -> None:
    """Sweep every `SWEEP_EVERY` until `stop` is set; a failing sweep is logged and repeated."""
    signals.sweeping.send_robust(sender=None, stop=stop)
    with (
        ThreadPoolExecutor(max_workers=ROOM, thread_name_prefix="sweep") as pool,
        ThreadPoolExecutor(max_workers=4, thread_name_prefix="ask") as asking,
    ):
        driving: dict[int, Future[None]] = {}
        folders, zone_warnings = host_cleanup.Clearing(), ZoneWarnings()
        while not stop.is_set():
            try:
                close_old_connections()
                health.say_alive("sweeper")
                zone_warnings.sweep()
                once(pool, driving)
                readiness_schedule.sweep(asking)
                automated_checks.sweep(asking)
                folders.sweep(asking)
                anchor_daily()
            except Error as error:
                log.warning("This sweep failed, the next one tries again: %s", error)
            stop.wait(settings.SWEEP_EVERY.total_seconds())
        driver.stopping.set()


def once(pool: ThreadPoolExecutor, driving: dict[int, Future[None]]) -> None:
    """One sweep: end what expired, hand what is due to workers, drive what they leave."""
    expire()
    escalation.escalate()
    escalation.remind()
    for number in [number for number, work in driving.items() if work.done()]:
        del driving[number]
    overdue = set(due(OVERDUE))
    for number in due():
        taken = enqueue(number)
        ours = zones.is_ours(zones.of(number))
        if ours and number not in driving and (not taken or number in overdue):
            driving[number] = pool.submit(_drive, number, driving)


class ZoneWarnings:
    """Says once that nobody serves a zone, and again only after somebody has."""

    def __init__(self) -> None:
        self._warned: set[str] = set()

    def sweep(self) -> None:
        """Warn of every zone that has been left since the last look."""
        unserved = _unserved()
        for zone in sorted(unserved - self._warned):
            log.warning("No worker serves the zone %s: start one with ZONES=%s.", zone, zone)
        for zone in sorted(self._warned - unserved):
            log.info("The zone %s is served again.", zone)
        self._warned = unserved


def _unserved() -> set[str]:
    served = zones.served()
    # Where nobody works yet, a console is only starting.
    if not health.seen()["worker"]:
        served.pop(zones.DEFAULT, None)
    return {zone for zone, is_served in served.items() if not is_served}


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
