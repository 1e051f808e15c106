"""Many rollbacks at once by real workers whose hosts are in memory, on MariaDB and Redis."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection

from rollback_console.processes import commands
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.faults.stage import Console, Process, approved_quietly, migrate, working_on
from tests.servers import MariaDb, Redis
from tests.toolbox.waiting import until

from .crowd import PATIENCE, PRODUCTION, begin, followed, memory

HOSTS = 4  # of each rollback
STEPS = 5


def drive_crowd(rollbacks: int, workers: int, threads: int) -> list[str]:
    """Drive so many at once, and abort one more meanwhile; what it took, as lines."""
    with _ground() as console:
        rows = [_request(console, "true", STEPS) for _ in range(rollbacks)]
        hanging = _request(console, "hang", 1)
        assert console.people
        Rollback.objects.update(due_at=db_clock.later(timedelta(days=1)))
        processes = [_worker(console, number, threads) for number in range(workers)]
        statements, processor = _statements(), _processor(processes)
        began = begin(console, [hanging])
        until(hanging.runs.filter(state="running").count, "one is at work", seconds=PATIENCE)
        begin(console, rows)
        until(lambda: _driven() > min(rollbacks, workers * threads) // 2, seconds=PATIENCE)
        steering.request_abort(hanging, by=console.people.dana, reason="measured")
        lines = followed([*rows, hanging], began)
        runs = sum(row.runs.count() for row in rows)
        spent, sent = _processor(processes) - processor, _statements() - statements
        return [
            f"- rollbacks: {rollbacks} of {STEPS} steps on {HOSTS} hosts, and one to be aborted",
            f"- workers: {workers}, threads of each: {threads}",
            *(f"- {line}" for line in lines),
            f"- processor time of the workers: {spent:.1f} s, {spent / runs * 1000:.2f} ms a run",
            f"- statements of everybody: {sent:,}, {sent / runs:.1f} a run",
            f"- abort recorded to proven: {_between(hanging):.2f} s",
            *(f"- {each.name}: {memory(each.pid)}" for each in processes),
        ]


@contextmanager
def _ground() -> Iterator[Console]:
    """A console on MariaDB with nothing running yet."""
    folder = Path(tempfile.mkdtemp(prefix="driver-"))
    with MariaDb() as database, Redis() as redis, working_on(database):
        console = Console(folder, database.url, redis.url, environment=PRODUCTION)
        try:
            migrate(folder, database.url)
            yield console
        finally:
            console.close()
            shutil.rmtree(folder, ignore_errors=True)


def _request(console: Console, command: str, steps: int) -> Rollback:
    stage = console.place(None)
    names = [stage.host.name]
    for number in range(1, HOSTS):
        names.append(f"{stage.host.name}-{number}")
        make.host(stage.environment, names[-1], stage.cast.ada)
    text = "\n\n".join(
        f'### Step {number}: Run\n```bash hosts="{" ".join(names)}" timeout=30m\n{command}\n```'
        for number in range(1, steps + 1)
    )
    return approved_quietly(stage, f"# Rollback Plan\n\n## Rollback Steps\n\n{text}\n")


def _worker(console: Console, number: int, threads: int) -> Process:
    """A worker of the fleet, ready to work."""
    name = f"fleet-{number}"
    program = [
        "tests.fleet_worker" if word == "rollback_console.celery" else word
        for word in commands.worker()
    ]
    variables = {"WORKER_THREADS": str(threads)}
    process = console.start(name, [*program, "--hostname", f"{name}@%h"], **variables)
    console.heard(process)
    return process


def _driven() -> int:
    return Rollback.objects.exclude(lease_until=None).count()


def _between(rollback: Rollback) -> float:
    """Seconds from an abort on record to the first proof that something was ended."""
    recorded, proven = (
        datetime.fromisoformat(rollback.events.filter(kind=kind).order_by("seq")[0].at)
        for kind in ("abort.requested", "abort.proven")
    )
    return (proven - recorded).total_seconds()


def _processor(processes: list[Process]) -> float:
    """Seconds of processor time that they have taken so far."""
    ticks = 0
    for each in processes:
        fields = Path(f"/proc/{each.pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _statements() -> int:
    """Statements that the database was sent so far."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Questions'")
        return int(cursor.fetchone()[1])
