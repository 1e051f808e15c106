"""The watch's own thread in the sweeper's process: begins, ends, forgets, and hands over.

What no worker takes within PATIENCE the sweeper watches itself, where it reaches the zone; so
the watch goes on while the broker is away.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import close_old_connections
from django.db.models import Min, Q
from django.db.models.functions import Now

from rollback_console.rollbacks import db_clock, zones

from . import shift
from .actions import watches
from .models import TriggerWatch, ZoneShift
from .tasks import enqueue_turn

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=8)
_HOUR = 3600.0
_TURN = 4.0


def start_thread(stop: threading.Event) -> threading.Thread:
    """Work until `stop` is set."""
    thread = threading.Thread(target=_until, args=(stop,), name="watch", daemon=True)
    thread.start()
    return thread


def tend(stop: threading.Event) -> None:
    """One round: what should be watched is, and whoever reaches it is asked to look."""
    watches.begin_watches()
    watches.end_watches()
    for zone, waits_since in _waiting().items():
        row, _ = ZoneShift.objects.get_or_create(zone=zone)
        enqueued = enqueue_turn(row.pk, zone)
        overdue = waits_since < db_clock.now() - PATIENCE
        if zones.is_ours(zone) and (overdue or not enqueued):
            shift.take_turn(row.pk, seconds=_TURN, stopping=stop.is_set)


def _waiting() -> dict[str, datetime]:
    """Zones where something is due and nobody is at it, with since when."""
    due = TriggerWatch.objects.filter(due_at__lte=Now()).order_by()
    first = due.values_list("trigger__environment__zone").annotate(first=Min("due_at"))
    held = Q(lease_until__gt=Now())
    busy = set(ZoneShift.objects.filter(held).values_list("zone", flat=True))
    named = {(zone or zones.DEFAULT): at for zone, at in first}
    return {zone: at for zone, at in named.items() if zone not in busy}


def _until(stop: threading.Event) -> None:
    forget_at = 0.0
    while not stop.is_set():
        close_old_connections()
        try:
            tend(stop)
            if time.monotonic() >= forget_at:
                forget_at = time.monotonic() + _HOUR
                watches.forget_samples()
        except Exception:
            log.exception("A round of the watch failed; the next one tries again.")
        stop.wait(settings.SWEEP_EVERY.total_seconds())
