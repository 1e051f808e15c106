"""`python -m benchmarks.soak --minutes 30`: rollbacks, and one fault after another.

Real web, workers, sweeper, MariaDB, Redis and sshd behind a proxy that cuts. At random a worker is
killed, web is killed, Redis dies, or the connections to the host are reset or swallowed; each is
healed again. Somebody watches each rollback over a socket. Printed at the end: what was done, what
was done twice, which bytes are missing, how memory and open files grew. Exits with 1 when anything
was done twice, lost, or asked of a person without need.
"""

from __future__ import annotations

import argparse
import logging
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rollback_console.engine.states import TERMINAL
from rollback_console.rollbacks import events, log_store
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.faults.ground import Ground
from tests.faults.stage import Console, Process, migrate, session, working_on
from tests.faults.web import Web
from tests.remote.sshd import Sshd
from tests.servers import MariaDb, Redis
from tests.toolbox.proxy import Proxy

from .crowd import OPTIONS, PRODUCTION
from .results import keep
from .watcher import Watcher

TALK = "for i in 1 2 3 4 5 6 7 8 9 10; do seq ${i}000 ${i}499; sleep 0.2; done"
STEPS = 3
PATIENCE = 180.0


@dataclass
class Place:
    """One environment that rolls back again and again; `ground` is of the rollback under way."""

    stage: make.Stage
    folder: Path
    rollback: Rollback | None = None
    ground: Ground | None = None
    watcher: Watcher | None = None


@dataclass
class Tally:
    """What came of it."""

    rollbacks: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    resumed: int = 0
    shown: int = 0


@dataclass
class Soak:
    """The console, what it stands on, and the places that keep it busy."""

    console: Console
    redis: Redis
    proxy: Proxy
    workers: list[Process]
    sweeper: Process
    web: Web
    places: list[Place]
    tally: Tally = field(default_factory=Tally)

    def go_on(self, more: bool) -> bool:
        """Judge what is over and begin anew while there is time; False when nothing is left."""
        for place in self.places:
            if place.rollback and self._over(place.rollback):
                self._judge(place)
            if place.rollback is None and more:
                self._begin(place)
        return any(place.rollback for place in self.places)

    def fault(self) -> None:
        """One of them, healed before the next."""
        kinds: list[Callable[[], None]] = [
            self.a_worker_is_killed,
            self.web_is_killed,
            self.redis_dies,
            self.connections_are_reset,
            self.connections_are_swallowed,
        ]
        chosen = random.choice(kinds)  # noqa: S311 - nothing hangs on it
        chosen()
        self.tally.faults[chosen.__name__.replace("_", " ")] += 1

    def a_worker_is_killed(self) -> None:
        self.workers.pop(0).kill()
        self.workers.append(self.console.worker(awaited=False))

    def web_is_killed(self) -> None:
        self.web.process.kill()
        self.web = self.console.web()
        for place in self.places:
            if place.watcher:
                place.watcher.port = self.web.port

    def redis_dies(self) -> None:
        self.redis.kill()
        time.sleep(2)
        self.redis.start()

    def connections_are_reset(self) -> None:
        self.proxy.reset()

    def connections_are_swallowed(self) -> None:
        self.proxy.swallow()
        time.sleep(3)
        self.proxy.heal()

    def sizes(self) -> dict[str, tuple[int, int]]:
        """Megabytes and open files of what nobody kills, and of this process's peers."""
        pids = {"sweeper": self.sweeper.pid}
        return {name: (_megabytes(pid), _files(pid)) for name, pid in pids.items()}

    def _begin(self, place: Place) -> None:
        number = self.tally.rollbacks + sum(1 for each in self.places if each.rollback) + 1
        place.ground = Ground(place.folder / f"{time.monotonic_ns()}")
        text = place.ground.plan(*[TALK] * STEPS).replace("# Ground", f"# Soak {number}")
        text = text.split("## Rollback Verification")[0]
        place.rollback = make.approved(place.stage, text)
        self.console.send(place.rollback.pk)
        lee = place.stage.cast.lee
        place.watcher = Watcher(self.web.port, place.rollback.pk, session(lee))
        place.watcher.start()

    def _over(self, rollback: Rollback) -> bool:
        rollback.refresh_from_db()
        if rollback.question:
            self.tally.wrong.append(f"rollback {rollback.pk} asks: {rollback.question}")
        late = time.time() - rollback.requested_at.timestamp() > PATIENCE
        if late:
            self.tally.wrong.append(f"rollback {rollback.pk} is {rollback.state} for too long")
        return late or bool(rollback.question) or rollback.state in TERMINAL

    def _judge(self, place: Place) -> None:
        rollback, ground, watcher = place.rollback, place.ground, place.watcher
        assert rollback and ground and watcher
        expected = Counter(range(1, STEPS + 1))
        if ground.starts() != expected:
            self.tally.wrong.append(f"rollback {rollback.pk} started {ground.starts()}")
        stored = {str(run.token): log_store.read_log(run).decode() for run in rollback.runs.all()}
        for run in rollback.runs.all():
            printed = ground.said(run.position).decode()
            if stored[str(run.token)] != printed:
                missing = len(printed) - len(stored[str(run.token)])
                self.tally.wrong.append(f"{run} misses {missing} of {len(printed)} bytes")
        self.tally.wrong += watcher.seen(stored)
        self.tally.resumed += watcher.greetings - 1
        self.tally.shown += sum(map(len, watcher.texts.values()))
        self.tally.rollbacks += 1
        ground.clear()
        shutil.rmtree(ground.folder, ignore_errors=True)
        place.rollback = place.ground = place.watcher = None


def main() -> None:
    """Busy for so many minutes, then quiet, then the verdict."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--minutes", type=float, default=30)
    words.add_argument("--places", type=int, default=4)
    words.add_argument("--every", type=float, default=12, help="seconds between two faults")
    options = words.parse_args()
    logging.disable(logging.WARNING)
    with whole(options.places) as soak:
        before = soak.sizes()
        busy(soak, options.minutes * 60, options.every)
        flaws = list(events.flaws())
        lines = [f"- {line.strip()}" for line in report(soak, before, flaws)]
        print("\n".join(lines))
        keep(f"{options.minutes:g} minutes of faults", ["On MariaDB.", "", *lines])
    sys.exit(bool(soak.tally.wrong or flaws))


def busy(soak: Soak, seconds: float, every: float) -> None:
    """Faults in the midst of it, then quiet until what is under way is over."""
    now = time.monotonic()
    ends, next_fault = now + seconds, now + every
    while now < ends:
        soak.go_on(more=True)
        if now >= next_fault:
            soak.fault()
            next_fault = now + every * random.uniform(0.5, 1.5)  # noqa: S311
        time.sleep(0.3)
        now = time.monotonic()
    while soak.go_on(more=False):
        time.sleep(0.3)


@contextmanager
def whole(places: int) -> Iterator[Soak]:
    """Everything, running; nothing of it stays."""
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    sshd = Sshd(folder / "sshd", options=OPTIONS)
    with MariaDb() as database, Redis() as redis, working_on(database):
        console = Console(folder, database.url, redis.url, environment=PRODUCTION)
        try:
            migrate(folder, database.url)
            sshd.start()
            with Proxy(sshd.port) as proxy:
                address = sshd.address(port=proxy.port)
                made = [console.place(address) for _ in range(places)]
                workers, sweeper = [console.worker(), console.worker()], console.sweeper()
                grounds = [Place(each, folder / each.environment.slug) for each in made]
                yield Soak(console, redis, proxy, workers, sweeper, console.web(), grounds)
        finally:
            console.close()
            sshd.remove()
            shutil.rmtree(folder, ignore_errors=True)


def report(
    soak: Soak, before: dict[str, tuple[int, int]], flaws: Sequence[object]
) -> Iterator[str]:
    """What was done, what went wrong, what grew."""
    tally = soak.tally
    yield f"rollbacks: {tally.rollbacks}, faults: {sum(tally.faults.values())}"
    for name, times in sorted(tally.faults.items()):
        yield f"  {name}: {times}"
    yield f"sockets resumed: {tally.resumed}, characters shown: {tally.shown}"
    for name, (megabytes, files) in soak.sizes().items():
        was = before[name]
        yield f"{name}: {was[0]} -> {megabytes} MB, {was[1]} -> {files} open files"
    yield f"flaws of the record: {len(flaws)}"
    yield f"wrong: {len(tally.wrong)}"
    yield from tally.wrong[:20]


def _megabytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


def _files(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


if __name__ == "__main__":
    main()
