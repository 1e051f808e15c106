"""All that a sweeper does, and how often: one row for each, and whoever runs them in time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import Error

from rollback_console.audit.integrity.daily_anchor import anchor_daily

from ..queries import health
from . import (
    automated_checks,
    due_rollbacks,
    escalation,
    former_secrets,
    host_cleanup,
    readiness_schedule,
    sign_in_trials,
)
from .zone_warnings import ZoneWarnings

log = logging.getLogger(__name__)

EACH_SWEEP = timedelta(0)
MINUTE = timedelta(minutes=1)


@dataclass
class Sweeper:
    """What the rows work with: threads that drive, threads that ask, and what is remembered."""

    drivers: ThreadPoolExecutor
    askers: ThreadPoolExecutor
    driving: dict[int, Future[None]] = field(default_factory=dict)
    zone_warnings: ZoneWarnings = field(default_factory=ZoneWarnings)


@dataclass(frozen=True, slots=True)
class PeriodicWork:
    """One row: `run` is called with the Sweeper every so often, from the sweeper's own thread."""

    name: str
    every: timedelta
    run: Callable[[Sweeper], object]


TABLE = (
    PeriodicWork("say that a sweeper is alive", EACH_SWEEP, lambda _: health.say_alive("sweeper")),
    PeriodicWork("warn of zones that nobody serves", EACH_SWEEP, lambda s: s.zone_warnings.sweep()),
    PeriodicWork(
        "end what was not decided or started in time", EACH_SWEEP, lambda _: due_rollbacks.expire()
    ),
    PeriodicWork("escalate what nobody decided", EACH_SWEEP, lambda _: escalation.escalate()),
    PeriodicWork("remind of what expires soon", EACH_SWEEP, lambda _: escalation.remind()),
    PeriodicWork(
        "hand what is due to workers, drive what they leave",
        EACH_SWEEP,
        lambda s: due_rollbacks.drive_due(s.drivers, s.driving),
    ),
    PeriodicWork(
        "have plans asked about that nobody asked about",
        MINUTE,
        lambda _: readiness_schedule.schedule_plans(),
    ),
    PeriodicWork(
        "ask hosts again, and what no worker took",
        EACH_SWEEP,
        lambda s: readiness_schedule.sweep(s.askers),
    ),
    PeriodicWork(
        "sign in where no worker tried",
        EACH_SWEEP,
        lambda s: sign_in_trials.sweep(s.askers),
    ),
    PeriodicWork(
        "look at checks that answer themselves",
        EACH_SWEEP,
        lambda s: automated_checks.sweep(s.askers),
    ),
    PeriodicWork(
        "clear away what hosts still keep", MINUTE, lambda s: host_cleanup.sweep(s.askers)
    ),
    PeriodicWork(
        "forget replaced secrets that no run can print any more",
        MINUTE,
        lambda _: former_secrets.forget_former_values(),
    ),
    PeriodicWork(
        "anchor the ends of all streams, when a day has passed",
        EACH_SWEEP,
        lambda _: anchor_daily(),
    ),
)
"""In the order in which one sweep goes through them."""


@dataclass
class Timetable:
    """Runs each row when its time has come; a row that fails holds up no other."""

    rows: Iterable[PeriodicWork] = TABLE
    clock: Callable[[], float] = time.monotonic
    _next: dict[str, float] = field(default_factory=dict)

    def run_due(self, sweeper: Sweeper) -> None:
        """One sweep."""
        for row in self.rows:
            if self.clock() >= self._next.get(row.name, 0.0):
                self._next[row.name] = self.clock() + row.every.total_seconds()
                self._run(row, sweeper)

    def _run(self, row: PeriodicWork, sweeper: Sweeper) -> None:
        try:
            row.run(sweeper)
        except Error as error:
            log.warning("This time the sweep could not %s: %s", row.name, error)
