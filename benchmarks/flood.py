"""`python -m benchmarks.flood`: sockets, sign-ins and posts at once, and what the decider notices.

Idle sockets hang on a request that waits, busy ones on a rollback that writes a line every 200 ms.
Beside them people sign in and strangers and readers post without a pause. Meanwhile one person
signed in opens requests and approves them, as before the flood. MariaDB, Redis, gunicorn with two
processes, a worker, a sweeper and sshd are real, and share the machine with all who ask.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.db import connection

from rollback_console.processes import commands
from rollback_console.processes.ports import free_port
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.faults.stage import Console, migrate, session, working_on
from tests.faults.web import Answer, Web
from tests.remote.sshd import Sshd
from tests.servers import MariaDb, Redis
from tests.toolbox.waiting import until

from .results import keep, percentiles

PRODUCTION = {
    "LEASE_SECONDS": "20",
    "SLICE_SECONDS": "60",
    "SWEEP_SECONDS": "5",
    "LOG_LEVEL": "WARNING",
    # Everybody here comes from one address.
    "SOCKETS_PER_ADDRESS": "100000",
    "SOCKETS_PER_PERSON": "100000",
}
LINE_EVERY = 0.2
PLAN = """\
# Rollback Plan {name}

## Rollback Steps

### Step 1: Run
```bash hosts={host} timeout=2h
{run}
```
"""


@dataclass(slots=True)
class Noted:
    """What one kind of asking came to: milliseconds and statuses."""

    took: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def ask(self, call: Callable[[], Answer]) -> Answer:
        """Ask, and note how long it took and what came."""
        began = time.perf_counter()
        answer = call()
        self.took.append((time.perf_counter() - began) * 1000)
        self.statuses[answer.status] += 1
        return answer

    @property
    def line(self) -> str:
        """For a table: count, p50, p99, longest, statuses."""
        statuses = ", ".join(f"{status}: {many}" for status, many in sorted(self.statuses.items()))
        if len(self.took) < 2:
            return f"{len(self.took)} | | | | {statuses}"
        cuts, longest = percentiles(self.took), max(self.took)
        figures = f"{cuts['p50']:.0f} | {cuts['p99']:.0f} | {longest:.0f}"
        return f"{len(self.took)} | {figures} | {statuses}"


def main() -> None:
    """Start, measure quietly, flood, measure again, print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--idle", type=int, default=2000)
    words.add_argument("--busy", type=int, default=500)
    words.add_argument("--sign-ins", type=int, default=200, help="a minute")
    words.add_argument("--posts", type=int, default=8, help="at once")
    words.add_argument("--seconds", type=int, default=60)
    options = words.parse_args()
    logging.disable(logging.WARNING)
    with ground() as (console, web, sshd):
        stage, other = console.place(sshd.address()), console.place(sshd.address())
        hash_passwords()
        requests = [opened(other, f"Approved {each}") for each in range(options.seconds)]
        approve_meanwhile(web, stage, requests, seconds=5)  # each process has answered once
        quiet = approve_meanwhile(web, stage, requests, seconds=options.seconds / 2)
        waiting = opened(stage, "Waits")
        writing = begun(console, stage)
        with ExitStack() as flood:
            cookie = session(User.objects.get(pk=stage.cast.vic.pk))
            idle = flood.enter_context(sockets(web, waiting, cookie, options.idle))
            busy = flood.enter_context(sockets(web, writing, cookie, options.busy))
            noise = flood.enter_context(noise_by(web, stage, options))
            loud = approve_meanwhile(web, stage, requests, seconds=options.seconds)
            reports = [ended(each) for each in (idle, busy)]
        lines = [*table(quiet, loud, noise), "", *socket_lines(options, reports), memory_of(web)]
        lines.append(came_of(other))
        print("\n".join(lines))
        keep("A flood, and a decision maker", lines)


@contextmanager
def ground() -> Iterator[tuple[Console, Web, Sshd]]:
    """A whole console, and a host."""
    folder = Path(tempfile.mkdtemp(prefix="flood-"))
    sshd = Sshd(folder / "sshd")
    with MariaDb() as database, Redis() as redis, working_on(database):
        console = Console(folder, database.url, redis.url, environment=PRODUCTION)
        try:
            migrate(folder, database.url)
            sshd.start()
            console.sweeper()
            console.worker()
            port = free_port()
            argv = commands.web("127.0.0.1", port, 2)
            process = console.start("web", argv, BASE_URL=f"http://127.0.0.1:{port}")
            web = Web(port, process)
            until(web.answers, "the web processes answer", details=process.said)
            yield console, web, sshd
            process.end()  # a killed gunicorn leaves its processes behind
        finally:
            console.close()
            sshd.remove()
            shutil.rmtree(folder, ignore_errors=True)


def opened(stage: make.Stage, name: str, run: str = "true") -> Rollback:
    """A request that waits for its approval, in an environment where nothing else runs."""
    return make.requested(stage, PLAN.format(name=name, host=stage.host.name, run=run))


def hash_passwords() -> None:
    """As production does: tests have a hasher of their own, which costs nothing."""
    kept = PBKDF2PasswordHasher().encode(make.PASSWORD, "salt-of-the-flood-0123")
    User.objects.update(password=kept)


def begun(console: Console, stage: make.Stage) -> Rollback:
    """A rollback that writes a line again and again, for longer than this takes."""
    run = f"for i in $(seq 9000); do date +%s%N; sleep {LINE_EVERY}; done"
    rollback = make.approved(stage, PLAN.format(name="Writes", host=stage.host.name, run=run))
    console.send(rollback.pk)
    rows = Rollback.objects.filter(pk=rollback.pk, runs__stored__gt=0)
    until(rows.exists, "it writes")
    return rollback


def approve_meanwhile(
    web: Web, stage: make.Stage, requests: list[Rollback], *, seconds: float
) -> dict[str, Noted]:
    """Look at a request, approve it, look at what came of it, again and again."""
    cookie = session(User.objects.get(pk=stage.cast.lee.pk))
    noted = {name: Noted() for name in ("the list", "the request", "the approval", "what ran")}
    end = time.monotonic() + seconds
    while time.monotonic() < end and requests:
        rollback = requests.pop()
        page = f"/rollbacks/{rollback.pk}/"
        fields = {"snapshot_sha256": rollback.snapshot_sha256, "note": "As agreed"}
        noted["the list"].ask(partial(web.get, "/rollbacks/", cookie))
        noted["the request"].ask(partial(web.get, page, cookie))
        noted["the approval"].ask(partial(web.form, f"{page}approvals/", cookie, **fields))
        noted["what ran"].ask(partial(web.get, page, cookie))
        time.sleep(1)
    return noted


def came_of(stage: make.Stage) -> str:
    """How the rollbacks that were approved meanwhile ended."""
    rows = Rollback.objects.filter(environment=stage.environment, approved_at__isnull=False)
    states = Counter(rows.values_list("state", flat=True))
    return f"- approved rollbacks: {dict(states)}"


@contextmanager
def sockets(
    web: Web, rollback: Rollback, cookie: str, count: int
) -> Iterator[subprocess.Popen[str]]:
    """That many, each greeted, in a process of their own until the end."""
    origin = f"http://127.0.0.1:{web.port}"
    address = f"ws://127.0.0.1:{web.port}/ws/rollbacks/{rollback.pk}/"
    argv = [sys.executable, "-m", "benchmarks.flood_sockets", address, origin, cookie, str(count)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as crowd:
        assert crowd.stdout
        print(f"{count} sockets: {crowd.stdout.readline().strip()}", flush=True)
        try:
            yield crowd
        finally:
            crowd.kill()


def ended(crowd: subprocess.Popen[str]) -> dict[str, float]:
    """What the sockets heard until now."""
    output, _ = crowd.communicate("end\n", timeout=120)
    reports: dict[str, float] = json.loads(output.splitlines()[-1])
    return reports


@contextmanager
def noise_by(
    web: Web, stage: make.Stage, options: argparse.Namespace
) -> Iterator[dict[str, Noted]]:
    """People who sign in at a pace, and posts without a pause."""
    stop = threading.Event()
    noted = {"sign-ins": Noted(), "posts": Noted()}
    pace, hands = options.sign_ins / 60, 4
    work = [
        *(lambda: sign_in_for(web, stage, stop, noted["sign-ins"], hands / pace),) * hands,
        *(lambda: post_for(web, stage, stop, noted["posts"]),) * options.posts,
    ]
    threads = [threading.Thread(target=each) for each in work]
    for each in threads:
        each.start()
    try:
        yield noted
    finally:
        stop.set()
        for each in threads:
            each.join()


def sign_in_for(
    web: Web, stage: make.Stage, stop: threading.Event, noted: Noted, every: float
) -> None:
    """One person after another, with the right password."""
    for name in itertools.cycle(["dana", "sam", "vic", "ada"]):
        began = time.monotonic()
        noted.ask(partial(web.form, "/sign-in/", "", username=name, password=make.PASSWORD))
        if stop.wait(max(0.0, every - (time.monotonic() - began))):
            return


def post_for(web: Web, stage: make.Stage, stop: threading.Event, noted: Noted) -> None:
    """What strangers send, and what a reader may, over and over."""
    cookie = session(User.objects.get(pk=stage.cast.vic.pk))
    connection.close()
    number = Rollback.objects.earliest("pk").pk
    posts: list[Callable[[], Answer]] = [
        lambda: web.post("/rollbacks", "rbc_of-nobody", plan="x"),
        lambda: web.form("/sign-in/", "", username="nobody", password="not the password"),
        lambda: web.form("/sign-in/", "", username="x" * 50_000, password="x"),
        lambda: web.form(f"/rollbacks/{number}/notes/", cookie, text="Noise"),
        lambda: web.form(f"/rollbacks/{number}/readiness/", cookie),
    ]
    for post in itertools.cycle(posts):
        noted.ask(post)
        if stop.is_set():
            connection.close()
            return


def table(*columns: dict[str, Noted]) -> Iterator[str]:
    """A line each kind of asking."""
    yield "| asked | times | p50, ms | p99, ms | longest, ms | answers |"
    yield "|---|---|---|---|---|---|"
    for when, column in zip(("before", "meanwhile", "the flood"), columns, strict=True):
        for name, noted in column.items():
            yield f"| {name}, {when} | {noted.line} |"


def socket_lines(options: argparse.Namespace, reports: list[dict[str, float]]) -> Iterator[str]:
    """What the sockets heard."""
    for name, each in zip(("idle", "busy"), reports, strict=True):
        yield f"- {name} sockets: {json.dumps(each)}"
    crowd = f"{options.idle} idle and {options.busy} busy sockets"
    yield f"- {crowd}, {options.sign_ins} sign-ins a minute"


def memory_of(web: Web) -> str:
    """The most that the web processes held, in MB."""
    pids = [web.process.pid, *_children(web.process.pid)]
    most = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    held = [int(text.partition("VmHWM:")[2].split()[0]) // 1024 for text in most]
    return f"- web processes held at most {', '.join(map(str, held))} MB"


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(each) for each in text.split()]


if __name__ == "__main__":
    main()
