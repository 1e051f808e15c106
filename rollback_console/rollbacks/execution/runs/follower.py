"""The network half of a slice: one thread a step run, touching no database.

Each thread launches or follows its run and reports what it sees into one bounded queue,
so that a slow database slows the host's output instead of filling memory.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from dataclasses import dataclass, field

from structlog.contextvars import bind_contextvars

from rollback_console.remote.errors import (
    AnswerLate,
    HostUnreachable,
    RemoteError,
    RequestRefused,
    RunnerRefused,
    SessionRefused,
)
from rollback_console.remote.protocol import (
    Chunk,
    Ending,
    HostAddress,
    Outcome,
    Remote,
    RunRef,
    RunRequest,
    Started,
)
from rollback_console.remote.redaction.redact import redact

from ..connections import Connections
from ..failpoints import failpoint

log = logging.getLogger(__name__)

BACKOFF = (0.2, 0.5, 1.0, 2.0, 5.0)
NEVER_STARTED = Outcome(
    Ending.NEVER_STARTED, None, "The command was never started, and cannot be any more."
)
PASSING = (HostUnreachable, SessionRefused, AnswerLate)
REFUSED = (RunnerRefused, RequestRefused)  # before anything was started


@dataclass(frozen=True, slots=True)
class Trouble:
    """The host cannot be used now.

    `gave_up`: this run was provably never started there, and its follower has ended.
    """

    why: str
    gave_up: bool = False


@dataclass(frozen=True, slots=True)
class Stopped:
    """What an abort proved."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Back:
    """A host that was unreachable answers again."""


Item = Started | Chunk | Outcome | Trouble | Stopped | Back


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that happened to the run `token`."""

    token: str
    item: Item


@dataclass(slots=True)
class Work:
    """What a follower needs.

    `fresh`: nobody can have started this run yet. `patience` is how many seconds a fresh run
    tries to reach its host before it gives up. `expect` is what its output must hold,
    `secrets` what no sentence of its host may show.
    """

    request: RunRequest
    address: HostAddress
    offset: int = 0
    started: bool = False
    fresh: bool = True
    patience: float = 30.0
    expect: str = ""
    secrets: frozenset[str] = frozenset()


@dataclass
class Follower:
    """Carries one run from launch to outcome, over as many connections as it takes."""

    work: Work
    connections: Connections
    reports: queue.Queue[Report]
    closing: threading.Event = field(default_factory=threading.Event)
    _stopping: bool = False
    _launches: int = 0
    _gate: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Begin in a thread of its own."""
        self._thread(self._run, "follow")

    def stop_run(self) -> None:
        """Ask the host to abort the run, once. From here on it is not launched any more."""
        with self._gate:
            before, self._stopping = self._stopping, True
        if not before:
            self._thread(self._stop, "stop")

    def abandon(self) -> bool:
        """Stop following. True proves that this run was never started and never will be."""
        with self._gate:
            self.close()
            return self.work.fresh

    def close(self) -> None:
        """Stop following; what the host runs goes on."""
        self.closing.set()

    def _thread(self, target: Callable[[], None], purpose: str) -> None:
        token, named = self.work.request.token, copy_context()
        named.run(bind_contextvars, run=token, host=self.work.address.name)
        threading.Thread(
            target=named.run, args=(target,), name=f"{purpose}-{token[:8]}", daemon=True
        ).start()

    def _run(self) -> None:
        begun = time.monotonic()
        for pause in self._pauses():
            if self._attempt(time.monotonic() - begun):
                break
            self.closing.wait(pause)

    def _attempt(self, waited: float) -> bool:
        remote = None
        try:
            remote = self.connections.get(self.work.address)
            failpoint("follower.connected")
            self._follow(remote)
            return True
        except RemoteError as error:
            self.connections.drop(self.work.address.name, remote)
            return self._trouble(error, waited)

    def _pauses(self) -> Iterator[float]:
        attempt = 0
        while not self.closing.is_set():
            yield BACKOFF[min(attempt, len(BACKOFF) - 1)]
            attempt += 1

    def _follow(self, remote: Remote) -> None:
        for item in self._stream(remote):
            self._note(item)
            self._put(item)
            if isinstance(item, Outcome):
                return

    def _stream(self, remote: Remote) -> Iterator[Started | Chunk | Outcome]:
        if self.work.started:
            self._put(Back())
            return remote.follow(RunRef(self.work.request.token), self.work.offset)
        with self._gate:
            if self.closing.is_set():
                raise HostUnreachable(self.work.address.name, "this slice is over")
            if self._stopping:
                return self._unless_started(remote)
            self._launches += 1 if self.work.fresh else 2
            self.work.fresh = False
        return remote.run(self.work.request, self.work.offset)

    def _unless_started(self, remote: Remote) -> Iterator[Chunk | Outcome]:
        ref = RunRef(self.work.request.token)
        if remote.veto(ref):
            yield NEVER_STARTED
        else:
            yield from remote.follow(ref, self.work.offset)

    def _note(self, item: Started | Chunk | Outcome) -> None:
        if isinstance(item, Started):
            self.work.started = True
            failpoint("launch.started")
        elif isinstance(item, Chunk):
            self.work.offset = item.offset + len(item.data)
            failpoint("log.received")
        else:
            failpoint("outcome.received")

    def _stop(self) -> None:
        for pause in self._pauses():
            try:
                remote = self.connections.get(self.work.address)
                self._put(Stopped(self._proof(remote)))
                return
            except RemoteError as error:
                self._put(Trouble(redact(str(error), self.work.secrets)))
            self.closing.wait(pause)

    def _proof(self, remote: Remote) -> Outcome:
        ref = RunRef(self.work.request.token)
        if not self.work.started and remote.veto(ref):
            return NEVER_STARTED
        return remote.stop(ref, self.work.request.grace)

    def _trouble(self, error: RemoteError, waited: float) -> bool:
        passing = isinstance(error, PASSING) and waited < self.work.patience
        refused_first = isinstance(error, REFUSED) and self._launches == 1
        gave_up = (refused_first and not self.work.started) or (self.work.fresh and not passing)
        why = redact(str(error), self.work.secrets)
        log.warning("%s%s", why, " Nothing was started there." if gave_up else "")
        self._put(Trouble(why, gave_up))
        return gave_up

    def _put(self, item: Item) -> None:
        """Waits for room without ever looking up: thousands that do leave no turn to the reader."""
        if not self.closing.is_set():
            self.reports.put(Report(self.work.request.token, item))
