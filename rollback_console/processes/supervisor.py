"""Keeps several processes together: all run, or the person is told which does not."""

from __future__ import annotations

import queue
import signal
import time
from collections.abc import Callable, Iterable, Sequence

from .child import Child, exit_in_words, print_line
from .process_tree import adopt_orphans, end_descendants, reap

STARTING = 60.0
STOPPING = 15.0
_AGAIN = 1.0
_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Starts children stage by stage, restarts what dies, ends all on Ctrl-C or TERM.

    A stage starts when all of the one before it serve; the last to end is the first stage.
    Call `run` on the main thread: children are tied to the thread that started them.
    """

    def __init__(self, stages: Iterable[Sequence[Child]], announce: Callable[[], None]) -> None:
        self._stages = stages
        self._announce = announce
        self._children: list[list[Child]] = []
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
        for stage in self._stages:
            self._children.append(list(stage))
            for child in stage:
                child.start()
            for child in stage:
                if (over := self._await(child)) is not None:
                    return over
        self._announce()
        return None

    def _await(self, child: Child) -> int | None:
        # What runs once ends by itself, and a migration that is killed midway helps nobody.
        limit = float("inf") if child.once else time.monotonic() + STARTING
        while not child.serves():
            if time.monotonic() > limit:
                print_line("up", f"The {child.name} does not answer after {STARTING:.0f} seconds.")
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
            print_line("up", f"Stopping on {signal.Signals(number).name}.")
            return 0
        return self._after_deaths()

    def _after_deaths(self) -> int | None:
        for child, code in self._bury():
            if child.once and code == 0:
                continue
            print_line("up", f"The {child.name} ended {exit_in_words(code)}.")
            if child.once or child.hopeless:
                print_line("up", "It is needed; its lines above say why it ended. Stopping.")
                return 1
            self._due[child.name] = time.monotonic() + _AGAIN
        self._restart()
        return None

    def _restart(self) -> None:
        for child in self._all():
            if self._due.get(child.name, float("inf")) <= time.monotonic():
                del self._due[child.name]
                print_line("up", f"Starting the {child.name} again.")
                child.start()

    def _stop(self) -> None:
        """What came last ends first; a second Ctrl-C hurries."""
        first, *later = self._children or [[]]
        others = [child for stage in reversed(later) for child in stage]
        patient = self._end(others, STOPPING) and self._end(first, STOPPING)
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
                print_line("up", f"The {child.name} did not stop in time and is killed.")
                child.kill()
        return not any(child.pid for child in children)

    def _hurried(self) -> bool:
        try:
            return self._signals.get(timeout=0.1) in _STOPS
        except queue.Empty:
            return False

    def _bury(self) -> list[tuple[Child, int]]:
        mine = {child.pid: child for child in self._all() if child.pid}
        dead = [(mine[pid], code) for pid, code in reap() if pid in mine]
        for child, code in dead:
            child.buried(code)
        return dead

    def _all(self) -> list[Child]:
        return [child for stage in self._children for child in stage]
