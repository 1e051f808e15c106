"""`python -m benchmarks.driver`: what the console itself costs at the other end of scale.

One rollback on thousands of hosts, and two hundred rollbacks at once on four workers. The hosts are
the fleet of the tests, in memory, and answer at once, so that all time is the console's own. The
first part runs in this process on SQLite, the second on MariaDB and Redis with real workers.
Processor time and counts hold beside other work; elapsed time needs a quiet machine.
"""

from __future__ import annotations

import argparse
import logging
import threading
import time
from datetime import datetime

from django.db import connection

from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.fleet import Fleet
from tests.toolbox.waiting import until

from .driver_cost import Cost, measured
from .driver_crowd import drive_crowd
from .driver_stage import approved_on, drive_to_its_end, stage_without_hosts
from .results import keep

STEPS = 5
PATIENCE = 900.0
QUIET = 3600.0  # seconds between two looks of a host that has nothing to say
HEAD = """| hosts | runs | batch | to request and approve, CPU s | to drive, CPU s | CPU ms a run \
| elapsed, s | statements a run | longest turn, s | threads | memory, MB |
|---|---|---|---|---|---|---|---|---|---|---|"""
ABORT_HEAD = """| hosts at work | abort recorded after, s | first proof after, s | over after, s \
| longest turn, s | threads | memory, MB |
|---|---|---|---|---|---|---|"""


def main() -> None:
    """Measure, print, keep."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.driver", description=__doc__)
    words.add_argument("--hosts", type=int, nargs="*", default=[1000, 5000, 10000])
    words.add_argument("--batch", type=int, default=0, help="hosts of a step at once; 0: all")
    words.add_argument("--rollbacks", type=int, default=200, help="at once; 0: leave them out")
    words.add_argument("--workers", type=int, default=4)
    words.add_argument("--threads", type=int, default=16, help="of each worker")
    options = words.parse_args()
    logging.disable(logging.WARNING)
    lines: list[str] = []
    if options.hosts:
        lines += _print("On SQLite.", "", HEAD)
        with stage_without_hosts() as stage:
            for count in options.hosts:
                lines += _print(_forward(stage, count, options.batch))
            lines += _print("", ABORT_HEAD)
            for count in options.hosts:
                lines += _print(_aborted(stage, count))
    if options.rollbacks:
        lines += _print("", "On MariaDB.", "")
        lines += _print(*drive_crowd(options.rollbacks, options.workers, options.threads))
    keep("The driver alone", lines)


def _forward(stage: make.Stage, count: int, batch: int) -> str:
    began = time.process_time()
    rollback = approved_on(stage, ["true"] * STEPS, count, batch)
    requested = time.process_time() - began
    with measured() as cost:
        drive_to_its_end(rollback, Fleet())
    assert rollback.state == "succeeded", (rollback.state, rollback.question)
    runs = rollback.runs.count()
    cells: list[object] = [
        f"{count:,}",
        f"{runs:,}",
        batch or "all",
        f"{requested:.1f}",
        f"{cost.processor:.1f}",
        f"{cost.processor / runs * 1000:.2f}",
        f"{cost.elapsed:.1f}",
        f"{cost.statements / runs:.2f}",
        *cost.bounds(),
    ]
    return _row(cells)


def _aborted(stage: make.Stage, count: int) -> str:
    """All hosts are at work on a step that does not end by itself."""
    rollback = approved_on(stage, ["hang"], count, 0)
    fleet = Fleet(silence=QUIET)
    with measured() as cost:
        aborting = threading.Thread(target=_abort, args=(rollback, stage, fleet, cost))
        aborting.start()
        drive_to_its_end(rollback, fleet)
        aborting.join()
    assert rollback.state == "aborted", rollback.state
    on_record = _moment(rollback, "abort.requested")
    cells: list[object] = [
        f"{count:,}",
        f"{on_record - cost.asked_at:.2f}",
        f"{_moment(rollback, 'abort.proven') - on_record:.2f}",
        f"{_moment(rollback, 'rollback.finished') - on_record:.2f}",
        *cost.bounds(),
    ]
    return _row(cells)


def _abort(rollback: Rollback, stage: make.Stage, fleet: Fleet, cost: Cost) -> None:
    """Once the command runs on every host and the console knows it."""
    runs = rollback.runs.filter(state="running")
    hosts = rollback.runs
    try:
        until(
            lambda: 0 < hosts.count() == runs.count(),
            "every host is at work",
            seconds=PATIENCE,
            details=lambda: len(fleet.runs),
        )
        cost.asked_at = time.time()
        steering.request_abort(rollback, by=stage.cast.dana, reason="measured")
    finally:
        connection.close()


def _moment(rollback: Rollback, kind: str) -> float:
    """When the first event of this kind was recorded, in seconds since 1970."""
    event = rollback.events.filter(kind=kind).order_by("seq")[0]
    return datetime.fromisoformat(event.at).timestamp()


def _row(cells: list[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _print(*lines: str) -> list[str]:
    print("\n".join(lines), flush=True)
    return list(lines)


if __name__ == "__main__":
    main()
