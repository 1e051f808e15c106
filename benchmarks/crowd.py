"""`python -m benchmarks.crowd`: fifty rollbacks at once, four hosts each, by real workers.

Web is left out: the rollbacks are approved in one go and the workers told. MariaDB, Redis, the
workers, a sweeper and one sshd, which is every host, are real. Fails unless every rollback ends
well and every step began on every host exactly once.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.db.models.functions import Now

from rollback_console.engine.states import RollbackState
from rollback_console.rollbacks import db_clock, log_store
from rollback_console.rollbacks.models import Rollback, StepRun
from tests import make
from tests.faults.stage import Console, Process, approved_quietly, migrate, working_on
from tests.remote.sshd import Sshd
from tests.servers import MariaDb, Redis
from tests.toolbox.waiting import until

from .results import keep

STEPS = 5
PATIENCE = 1800.0
PRODUCTION = {
    "LEASE_SECONDS": "20",
    "SLICE_SECONDS": "60",
    "SWEEP_SECONDS": "5",
    "LOG_LEVEL": "WARNING",
}
OPTIONS = ("MaxStartups 1000", "MaxSessions 400")


def main() -> None:
    """Fill, start, wait, judge, print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rollbacks", type=int, default=50)
    words.add_argument("--hosts", type=int, default=4, help="of each rollback")
    words.add_argument("--workers", type=int, default=2)
    words.add_argument("--threads", type=int, default=25, help="of each worker")
    options = words.parse_args()
    logging.disable(logging.WARNING)
    with ground() as (here, sshd):
        starts = sshd.home / "starts"
        rows = [one(here, sshd, starts, options.hosts) for _ in range(options.rollbacks)]
        Rollback.objects.update(due_at=db_clock.later(timedelta(days=1)))
        threads = str(options.threads)
        workers = [here.worker(WORKER_THREADS=threads) for _ in range(options.workers)]
        workers.append(here.sweeper())
        results = followed(rows, begin(here, rows))
        judge(rows, starts, options.hosts)
        lines = [f"- {line}" for line in [*results, *report(rows, workers)]]
        print("\n".join(lines))
        keep("Fifty rollbacks at once", ["On MariaDB, with two workers.", "", *lines])


@contextmanager
def ground() -> Iterator[tuple[Console, Sshd]]:
    """A console on MariaDB with nothing running yet, and the host."""
    folder = Path(tempfile.mkdtemp(prefix="crowd-"))
    sshd = Sshd(folder / "sshd", options=OPTIONS)
    with MariaDb() as database, Redis() as redis, working_on(database):
        console = Console(folder, database.url, redis.url, environment=PRODUCTION)
        try:
            migrate(folder, database.url)
            sshd.start()
            yield console, sshd
        finally:
            console.close()
            sshd.remove()
            shutil.rmtree(folder, ignore_errors=True)


def one(console: Console, sshd: Sshd, starts: Path, hosts: int) -> Rollback:
    """An approved rollback of an environment of its own; nobody has heard of it yet."""
    stage = console.place(sshd.address())
    number = stage.environment.pk
    names = [stage.host.name, *(f"more-{number}-{each}" for each in range(1, hosts))]
    for name in names[1:]:
        make.host(stage.environment, name, stage.cast.ada, sshd.address(name=name))
    steps = "\n\n".join(
        f'### Step {at}: Part {at}\n```bash hosts="{" ".join(names)}" timeout=30m\n'
        f"echo {number}-{at} >>{starts}\nseq {at}000 {at}400\n```"
        for at in range(1, STEPS + 1)
    )
    text = f"# Rollback Plan {number}\n\n## Rollback Steps\n\n{steps}\n"
    return approved_quietly(stage, text)


def begin(console: Console, rows: list[Rollback]) -> float:
    """All of them are due at once, and the workers are told; when that was."""
    Rollback.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=Now())
    began = time.monotonic()
    for row in rows:
        console.send(row.pk)
    return began


def followed(rows: list[Rollback], began: float) -> list[str]:
    """Until all are over: when the first step, the first and the last rollback ended."""
    marks: dict[str, float] = {}
    numbers = [row.pk for row in rows]
    mine = Rollback.objects.filter(pk__in=numbers)

    def over() -> bool:
        driven = mine.exclude(lease_until=None).count()
        marks["most driven at once"] = max(marks.get("most driven at once", 0), driven)
        ended = mine.filter(finished_at__isnull=False).count()
        if ended:
            marks.setdefault("first over after, s", time.monotonic() - began)
        time.sleep(0.3)
        return ended == len(numbers)

    until(
        over,
        "all are over",
        seconds=PATIENCE,
        details=lambda: Counter(mine.values_list("state", flat=True)),
    )
    marks["last over after, s"] = time.monotonic() - began
    return [f"{name}: {value:.1f}" for name, value in marks.items()]


def judge(rows: list[Rollback], starts: Path, hosts: int) -> None:
    """Every one succeeded, every step began once a host, every byte is there."""
    assert {Rollback.objects.get(pk=row.pk).state for row in rows} == {RollbackState.SUCCEEDED}
    begun = Counter(starts.read_text().split())
    expected = {f"{row.environment_id}-{at}": hosts for row in rows for at in range(1, STEPS + 1)}
    assert begun == expected, {key: begun[key] for key in expected if begun[key] != hosts}
    runs = StepRun.objects.filter(rollback__in=[row.pk for row in rows])
    assert runs.count() == len(rows) * hosts * STEPS
    for run in runs.order_by("?")[:50]:
        expected_text = "".join(
            f"{n}\n" for n in range(run.position * 1000, run.position * 1000 + 401)
        )
        assert log_store.read_log(run).decode() == expected_text, run


def report(rows: list[Rollback], workers: list[Process]) -> Iterator[str]:
    """What it took."""
    runs = StepRun.objects.filter(rollback__in=[row.pk for row in rows]).count()
    yield f"rollbacks: {len(rows)}, runs of a step on a host: {runs}"
    for each in workers:
        yield f"{each.name}: {memory(each.pid)}"


def memory(pid: int) -> str:
    """What a process holds and held at most, in MB, and its threads."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines)
    now, most = (int(fields[name].split()[0]) // 1024 for name in ("VmRSS", "VmHWM"))
    return f"{now} MB now, {most} MB at most, {fields['Threads'].strip()} threads"


if __name__ == "__main__":
    main()
