"""Keeps several processes together: all run, or the person is told which does not."""

from __future__ import annotations

import queue
import signal
import time
from collections.abc import Callable, Sequence

from .child import Child, how, say
from .kin import adopt_orphans, end_descendants, reap

STARTING = 60.0
STOPPING = 15.0
_AGAIN = 1.0
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Starts children in order, restarts what dies, ends all of them on Ctrl-C or TERM.

    Call `run` on the main thread: children are tied to the thread that started them.
    """

    def __init__(self, children: Sequence[Child], announce: Callable[[], None]) -> None:
        self.children = children
        self._announce = announce
        self._signals: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._due: dict[str, float] = {}

    def run(self) -> int:
        """Until told to stop: 0. When something cannot be kept alive: 1."""
        adopt_orphans()
        for number in (*_STOPS, signal.SIGCHLD):
            signal.signal(number, lambda number, _: self._signals.put(number))
        try:
            over = self._start()
            return self._watch() if over is None else over
        finally:
            self._stop()

    def _start(self) -> int | None:
        """The first alone, which the others need; then all at once, and wait for each."""
        first, *others = self.children
        first.start()
        if (over := self._await(first)) is not None:
            return over
        for child in others:
            child.start()
        for child in others:
            if (over := self._await(child)) is not None:
                return over
        self._announce()
        return None

    def _await(self, child: Child) -> int | None:
        limit = time.monotonic() + STARTING
        while not child.up():
            if time.monotonic() > limit:
                say("up", f"The {child.name} does not answer after {STARTING:.0f} seconds.")
                return 1
            if (over := self._turn(0.05)) is not None:
                return over
        return None

    def _watch(self) -> int:
        while (over := self._turn(1.0)) is None:
            pass
        return over

    def _turn(self, patience: float) -> int | None:
        """Wait for one signal and act on it; an exit code when all is over."""
        try:
            number = self._signals.get(timeout=patience)
        except queue.Empty:
            number = 0
        if number in _STOPS:
            say("up", "Stopping.")
            return 0
        for child in self._dead():
            if child.hopeless:
                say("up", f"The {child.name} keeps dying; its lines above say why. Stopping.")
                return 1
            self._due[child.name] = time.monotonic() + _AGAIN
        self._restart()
        return None

    def _dead(self) -> list[Child]:
        mine = {child.pid: child for child in self.children if child.pid}
        dead = [(mine[pid], code) for pid, code in reap() if pid in mine]
        for child, code in dead:
            child.buried(code)
            say("up", f"The {child.name} ended {how(code)}.")
        return [child for child, _ in dead]

    def _restart(self) -> None:
        for child in self.children:
            if self._due.get(child.name, float("inf")) <= time.monotonic():
                del self._due[child.name]
                say("up", f"Starting the {child.name} again.")
                child.start()

    def _stop(self) -> None:
        """In reverse order of need, all but the first at once; a second Ctrl-C hurries."""
        first, *others = self.children
        patient = self._end(list(reversed(others)), STOPPING) and self._end([first], STOPPING)
        end_descendants(2.0 if patient else 0.0)

    def _end(self, children: Sequence[Child], patience: float) -> bool:
        for child in children:
            child.ask_to_stop()
        limit = time.monotonic() + patience
        while any(child.pid for child in children) and time.monotonic() < limit:
            if self._hurried():
                break
            self._bury()
        for child in children:
            if child.pid:
                say("up", f"The {child.name} did not stop in time and is killed.")
                child.kill()
        return not any(child.pid for child in children)

    def _hurried(self) -> bool:
        try:
            return self._signals.get(timeout=0.1) in _STOPS
        except queue.Empty:
            return False

    def _bury(self) -> None:
        mine = {child.pid: child for child in self.children if child.pid}
        for pid, code in reap():
            if pid in mine:
                mine[pid].buried(code)
