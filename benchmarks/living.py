"""The rows of the live page: our own web process and worker, from the host to the browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User

import rollback_console.celery  # noqa: F401  what is enqueued here goes to the broker
from rollback_console.live.logs import search
from rollback_console.processes import commands
from rollback_console.rollbacks import log_store, tasks
from rollback_console.rollbacks.models import StepRun
from tests import make
from tests.live.rows import _session
from tests.live.servers import Console, environment_of, free_port, uvicorn
from tests.remote.sshd import Sshd
from tests.toolbox.waiting import until

from . import peers
from .results import percentiles
from .row import OURS, SpeedRow, SpeedTarget
from .stage import approved, clear_locks, drive, requested

LINES = 300
# Each line is the moment at which it was written.
CLOCK = f"i=0; while [ $i -lt {LINES} ]; do date +%s%N; sleep 0.02; i=$((i + 1)); done"
# The same, 3,000 a second for three seconds, ten at a time.
TORRENT_LINES = 9000
TORRENT = f"""exec {sys.executable} -u -c '
import time
begin = time.monotonic()
for turn in range({TORRENT_LINES} // 10):
    time.sleep(max(0, begin + turn / 300 - time.monotonic()))
    print("\\n".join([str(time.time_ns())] * 10))
'"""


@contextmanager
def web() -> Iterator[Console]:
    """A web process on the benchmarks' database."""
    port = free_port()
    process = uvicorn(port, _environment(port))
    process.start()
    try:
        yield Console(process, Path(settings.DATABASES["default"]["NAME"]))
    finally:
        process.kill()


@contextmanager
def worker() -> Iterator[int]:
    """A worker on the benchmarks' database and broker; its process id."""
    process = subprocess.Popen(
        commands.worker(),
        env={**os.environ, **_environment(0)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def line_to_frame(stage: make.Stage, server: Console, sshd: Sshd, viewers: int) -> list[SpeedRow]:
    """From the host that writes a line to each socket that carries it.

    Beside one viewer: to whoever reads what the peers print, with no page and no database.
    """
    rounds = {OURS: [_watched(stage, server, viewers, CLOCK, LINES) for _ in range(3)]}
    if viewers == 1:
        rounds |= {name: [late] for name, late in _read(sshd).items()}
    bounds = (60, 150) if viewers > 1 else (20, 40)
    return _lateness(f"{viewers} viewer{'s' * (viewers > 1)}", bounds, rounds)


def torrent_to_frame(stage: make.Stage, server: Console) -> list[SpeedRow]:
    """The same while 3,000 lines a second come and 100 watch."""
    runs = [_watched(stage, server, 100, TORRENT, TORRENT_LINES) for _ in range(3)]
    return _lateness("100 viewers, 3,000 lines/s", (None, 60), {OURS: runs})


def _lateness(
    what: str,
    bounds: tuple[float | None, float | None],
    rounds: dict[str, list[dict[str, float]]],
) -> list[SpeedRow]:
    return [
        SpeedRow(
            f"remote write to frame, {what}, {which}",
            "ms",
            () if bound is None else (SpeedTarget(bound),),
            {name: [each[which] for each in some] for name, some in rounds.items()},
        )
        for which, bound in zip(("p50", "p99"), bounds, strict=True)
    ]


def carrying(stage: make.Stage, file: Path) -> SpeedRow:
    """The most a worker ever held, after it carried all of `file` into the database."""
    rollback = approved(stage, [f"cat {file}"], ["app-1"])
    with worker() as pid:
        tasks.enqueue(rollback.pk)
        run = _ended(rollback.pk)
        held = _most_held(pid)
    assert run.stored == file.stat().st_size
    targets = (SpeedTarget(200),)
    return SpeedRow("a worker after 100 MB of output", "MB", targets, {OURS: [held]})


def _most_held(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1000


def _read(sshd: Sshd) -> dict[str, dict[str, float]]:
    alone, shared = peers.Ssh(sshd, shared=False), peers.Ssh(sshd, shared=True)
    bare = peers.Bare(sshd)
    named: dict[str, peers.Ssh | peers.Bare] = {
        "ssh": alone,
        "ssh + ControlMaster": shared,
        "paramiko": bare,
    }
    lateness = {name: _late(peer.read(CLOCK)) for name, peer in named.items()}
    shared.close()
    bare.close()
    return lateness


def _late(chunks: Iterator[bytes]) -> dict[str, float]:
    """How many milliseconds after it was written each line was read."""
    late, rest = [], b""
    for data in chunks:
        now = time.time_ns()
        *lines, rest = (rest + data).split(b"\n")
        late += [(now - int(line)) / 1e6 for line in lines]
    return percentiles(late)


def click_to_byte(stage: make.Stage, server: Console) -> SpeedRow:
    """From an approval over HTTP to the first thing that runs on the host."""
    name = uuid4().hex[:8]
    _, token = make.token(stage.cast.lee, name=name, scopes=("approve",), days=1)
    with worker():
        took = [_click(stage, server, token) for _ in range(12)][2:]
    return SpeedRow("approve to first remote byte, p50", "ms", (SpeedTarget(50),), {OURS: took})


def searching() -> SpeedRow:
    """A text that only the last line of the longest log holds."""
    run = StepRun.objects.order_by("-lines")[0]
    needle = log_store.read_log(run, max(0, run.stored - 30), 30).decode().split()[-1]
    took = []
    for _ in range(3):
        began = time.perf_counter()
        assert search.find(run, f"{needle}").lines
        took.append((time.perf_counter() - began) * 1000)
    name = f"search through {run.lines:,} lines"
    return SpeedRow(name, "ms", (SpeedTarget(2.5),), {OURS: took})


def _watched(
    stage: make.Stage, server: Console, viewers: int, command: str, lines: int
) -> dict[str, float]:
    rollback = approved(stage, [command], ["app-1"])
    session = _session(User.objects.get(pk=stage.cast.lee.pk))
    argv = [sys.executable, "-m", "benchmarks.viewers", server.socket(rollback.pk), server.url]
    argv += [session, str(viewers), str(lines)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as crowd:
        assert crowd.stdout
        assert crowd.stdout.readline() == "ready\n"
        drive(rollback)
        lateness: dict[str, float] = json.loads(crowd.stdout.readline())
    assert not lateness["lost"], lateness
    return lateness


def _click(stage: make.Stage, server: Console, token: str) -> float:
    rollback = requested(stage, ["date +%s%N"], ["app-1"])
    body = json.dumps({"snapshot_sha256": rollback.snapshot_sha256}).encode()
    request = urllib.request.Request(
        f"{server.url}/api/v1/rollbacks/{rollback.pk}/approvals",
        body,
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    began = time.time_ns()
    with urllib.request.urlopen(request, timeout=20) as answer:
        answer.read()
    run = _ended(rollback.pk)
    clear_locks()
    return (int(log_store.read_log(run, 0, 100)) - began) / 1e6


def _ended(rollback_id: int) -> StepRun:
    """The first step that succeeded, as soon as there is one."""
    rows = StepRun.objects.filter(rollback=rollback_id, state="succeeded")
    until(rows.exists, "a step succeeds", seconds=30)
    return rows[0]


def _environment(port: int) -> dict[str, str]:
    file = Path(settings.DATABASES["default"]["NAME"])
    return environment_of(file, settings.DATA_DIR, settings.REDIS_URL, port)
