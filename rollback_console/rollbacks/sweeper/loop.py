"""The sweep: finds what is due and sees that somebody does it, with or without Redis."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import Error, close_old_connections

from .. import signals
from ..execution import driver
from .due_rollbacks import ROOM
from .periodic_work import Sweeper, Timetable

log = logging.getLogger(__name__)


def forever(stop: threading.Event) -> None:
    """Sweep every `SWEEP_EVERY` until `stop` is set; a failing sweep is logged and repeated."""
    signals.sweeping.send_robust(sender=None, stop=stop)
    with (
        ThreadPoolExecutor(max_workers=ROOM, thread_name_prefix="sweep") as drivers,
        ThreadPoolExecutor(max_workers=4, thread_name_prefix="ask") as askers,
    ):
        sweeper, timetable = Sweeper(drivers, askers), Timetable()
        while not stop.is_set():
            try:
                close_old_connections()
                timetable.run_due(sweeper)
            except Error as error:
                log.warning("This sweep failed, the next one tries again: %s", error)
            stop.wait(settings.SWEEP_EVERY.total_seconds())
        driver.stopping.set()
