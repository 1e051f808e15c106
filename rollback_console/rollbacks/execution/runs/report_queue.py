"""What followers report, gathered into as few commits as keep nobody waiting.

The first output after silence is handed on at once, and so is the last ending; what comes in
between is gathered.
"""

from __future__ import annotations

import queue
import sys
import time
from dataclasses import dataclass, field

from rollback_console.remote.protocol import Outcome

from .follower import Report

FLUSH = 0.025  # seconds in which reports are gathered
BATCH = 1024 * 1024  # bytes of log that are stored at once


@dataclass
class ReportQueue:
    """Bounded, so that a slow database slows the hosts' output instead of filling memory."""

    arrived: queue.Queue[Report] = field(default_factory=lambda: queue.Queue(maxsize=256))
    own: list[Report] = field(default_factory=list)
    paced_until: float = 0.0  # output that comes before is gathered

    def add_own(self, report: Report) -> None:
        """What the slice itself has to report, and must not wait to."""
        self.own.append(report)

    def collect(self, timeout: float, working: int) -> list[Report]:
        """Reports to be stored together, after at most `timeout` seconds of none.

        `working` runs have not ended. Once the last of them has, nothing else is waited for,
        and neither is anything where output comes after silence.
        """
        if self.own:
            own, self.own = self.own, []
            return own
        reports: list[Report] = []
        ends, size = time.monotonic() + max(timeout, 0.001), 0
        while size < BATCH and (report := self._next(ends)):
            if not reports:
                ends = time.monotonic() + FLUSH
            reports.append(report)
            size += len(getattr(report.item, "data", b""))
            working -= isinstance(report.item, Outcome)
            if working <= 0:
                break
            if size:
                ends = min(ends, self.paced_until)
        if size:
            self.paced_until = time.monotonic() + FLUSH
        return reports

    def close(self) -> None:
        """Let go of all who wait for room: nobody reads what they report any more."""
        with self.arrived.mutex:
            self.arrived.maxsize = sys.maxsize
            self.arrived.not_full.notify_all()

    def _next(self, ends: float) -> Report | None:
        """The next report; None once `ends` has passed and nothing is there."""
        left = ends - time.monotonic()
        try:
            return self.arrived.get(timeout=left) if left > 0 else self.arrived.get_nowait()
        except queue.Empty:
            return None
