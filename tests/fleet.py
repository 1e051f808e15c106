"""Hosts in memory behind the Remote protocol, for tests of who decides what when.

They keep the one promise that matters: a token starts at most once. How real hosts keep it
is tested in tests/remote.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rollback_console.plans.readiness.probe_scripts import RUNS_COMMANDS
from rollback_console.plans.snapshot.dump_steps import SAYS
from rollback_console.remote.errors import HostUnreachable, RunnerRefused
from rollback_console.remote.protocol import (
    Answer,
    Chunk,
    Ending,
    HostAddress,
    Outcome,
    RunRef,
    RunRequest,
    Started,
)

BOOT = "boot-1"


@dataclass
class Run:
    """One attempt as its host knows it: `log` so far, and `outcome` once there is one."""

    request: RunRequest
    log: bytes = b""
    outcome: Outcome | None = None
    changed: threading.Condition = field(default_factory=threading.Condition)

    def say(self, data: bytes) -> None:
        with self.changed:
            self.log += data
            self.changed.notify_all()

    def end(self, ending: Ending = Ending.FINISHED, code: int | None = 0, why: str = "") -> None:
        with self.changed:
            self.outcome = Outcome(ending, code, why, len(self.log))
            self.changed.notify_all()


def dump_path(run: Run, folder: str = "/var/backups") -> str:
    """Where the plan of make.PLAN keeps its dump in that attempt."""
    return (
        f"{folder}/before-rollback-checkout-staging-checkout-2-20261201T000000Z-"
        f"{run.request.token}.dump"
    )


def say_dump(run: Run, folder: str = "/var/backups") -> bytes:
    """What a step prints that took a dump of 2,048 bytes."""
    return f"{SAYS}2048 {'a' * 64} {dump_path(run, folder)}\n".encode()


@dataclass
class Fleet:
    """Every host there is.

    `scripts` maps a word in a script to (output, exit code); a script with "hang" in it runs until
    told otherwise. `answers` maps a word to what makes the output out of the run. `failing_on` maps
    a host to a word of the scripts that fail there. `down` names hosts that do not answer, `closed`
    those that do and cannot look into an attempt's folder. `silence` is how many seconds a follower
    waits for a word before it looks whether its connection still stands.
    """

    scripts: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    answers: dict[str, Callable[[Run], bytes]] = field(default_factory=dict)
    failing_on: dict[str, str] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    starts: Counter[str] = field(default_factory=Counter)
    order: list[tuple[str, str]] = field(default_factory=list)
    down: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    connected: Counter[str] = field(default_factory=Counter)
    vetoed: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    runner_trouble: str = ""
    silence: float = 0.05
    started: threading.Condition = field(default_factory=threading.Condition)

    def connect(self, address: HostAddress) -> FakeRemote:
        if address.name in self.down:
            raise HostUnreachable(address.name, "nobody listens there")
        self.connected[address.name] += 1
        return FakeRemote(self, address)

    def wait_for(self, word: str) -> Run:
        """The run whose script holds `word`, once it has started."""
        with self.started:
            assert self.started.wait_for(lambda: self._find(word), timeout=20)
            script = self._find(word)
            assert script
            return script

    def _find(self, word: str) -> Run | None:
        return next((run for run in self.runs.values() if word in run.request.script), None)


@dataclass
class FakeRemote:
    """One connection to one host of the fleet."""

    fleet: Fleet
    address: HostAddress
    closed: threading.Event = field(default_factory=threading.Event)

    def run(self, request: RunRequest, offset: int = 0) -> Iterator[Started | Chunk | Outcome]:
        yield self._launch(request)
        yield from self.follow(RunRef(request.token), offset)

    def follow(self, ref: RunRef, offset: int = 0) -> Iterator[Chunk | Outcome]:
        run = self.fleet.runs.get(ref.token)
        if ref.token in self.fleet.vetoed:
            yield Outcome(Ending.NEVER_STARTED, None, "It was never started.")
            return
        if run is None:
            yield Outcome(Ending.LOST, None, "Its folder is gone.")
            return
        while True:
            with run.changed:
                if not (self._gone() or len(run.log) > offset or run.outcome):
                    run.changed.wait(timeout=self.fleet.silence)
                data, outcome = run.log[offset:], run.outcome
            if self._gone():
                raise HostUnreachable(self.address.name, "the connection was cut")
            if self.address.name in self.fleet.closed:
                raise RunnerRefused(self.address.name, "folder", "/home/deploy")
            if data:
                yield Chunk(offset, data)
                offset += len(data)
            elif outcome:
                yield outcome
                return

    def veto(self, ref: RunRef) -> bool:
        with self.fleet.started:
            if ref.token not in self.fleet.runs:
                self.fleet.vetoed.add(ref.token)
        return ref.token in self.fleet.vetoed

    def stop(self, ref: RunRef, grace: int = 10) -> Outcome:
        run = self.fleet.runs.get(ref.token)
        if run is None and self.veto(ref):
            return Outcome(Ending.NEVER_STARTED, None, "It had not started.")
        run = self.fleet.runs[ref.token]
        if run.outcome is None:
            run.end(Ending.ABORTED, None, "Ended by TERM; nothing of it is left.")
        assert run.outcome
        return run.outcome

    def acknowledge(self, *refs: RunRef) -> None:
        self.fleet.acknowledged.update(ref.token for ref in refs)

    def ask(self, argv: list[str], stdin: bytes = b"", timeout: float = 20) -> Answer:
        runs = argv == list(RUNS_COMMANDS)
        return Answer(0, b"rollback-console may run commands\n" if runs else b"", b"")

    def alive(self) -> bool:
        return not self._gone()

    def release(self) -> FakeRemote:
        self.closed.set()
        return FakeRemote(self.fleet, self.address)

    def close(self) -> None:
        self.closed.set()

    def _gone(self) -> bool:
        return self.closed.is_set() or self.address.name in self.fleet.down

    def _launch(self, request: RunRequest) -> Started:
        with self.fleet.started:
            if request.token in self.fleet.runs or request.token in self.fleet.vetoed:
                return Started(BOOT, already=True)
            run = self.fleet.runs[request.token] = Run(request)
            self.fleet.starts[request.token] += 1
            self.fleet.order.append((self.address.name, request.script))
            self._begin(run)
            self.fleet.started.notify_all()
        return Started(BOOT, already=False, trouble=self.fleet.runner_trouble)

    def _begin(self, run: Run) -> None:
        if "hang" in run.request.script:
            return
        output, code = next(
            (text for word, text in self.fleet.scripts.items() if word in run.request.script),
            (b"ok\n", 0),
        )
        if (failing := self.fleet.failing_on.get(self.address.name)) and (
            failing in run.request.script
        ):
            output, code = b"broken here\n", 1
        for word, answer in self.fleet.answers.items():
            output = answer(run) if word in run.request.script else output
        run.say(output)
        run.end(code=code)
