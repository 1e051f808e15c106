"""One process that is watched: its name stands before each line that it prints."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO

from .process_tree import send, spawn

WIDTH = 8
_PATIENCE = 5  # deaths in a row, each within _SOON seconds of the last, before giving up
_SOON = 60.0
_printing = threading.Lock()


@dataclass
class Child:
    """What to run, and how it fares.

    `up` is asked until it says that the child serves; one that runs `once` has served when it
    ended well.
    """

    name: str
    argv: list[str]
    env: Mapping[str, str]
    up: Callable[[], bool] = lambda: True
    once: bool = False
    done: bool = False
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)

    @property
    def pid(self) -> int:
        """Its process id, 0 while it does not run."""
        return self.process.pid if self.process else 0

    @property
    def hopeless(self) -> bool:
        """Whether it died too often to start it once more."""
        recent = [moment for moment in self.deaths if time.monotonic() - moment < _SOON]
        return len(recent) >= _PATIENCE

    def serves(self) -> bool:
        """Whether others may rely on it now."""
        return self.done if self.once else bool(self.process) and self.up()

    def start(self) -> None:
        """Run it. Raises OSError when there is no such program."""
        self.process = spawn(self.argv, env=self.env)
        threading.Thread(
            target=_relay, args=(self.name, self.process.stdout), name=self.name, daemon=True
        ).start()

    def buried(self, code: int) -> None:
        """It ended with `code`, or minus the signal that ended it."""
        if self.process:
            self.process.returncode = code
        self.process = None
        self.done = code == 0
        self.deaths.append(time.monotonic())

    def ask_to_stop(self) -> None:
        """TERM to the process itself; it knows how to end its own."""
        if self.pid:
            send([self.pid], signal.SIGTERM)

    def kill(self) -> None:
        """KILL to its whole group."""
        if self.pid:
            os.killpg(self.pid, signal.SIGKILL)


def print_line(name: str, line: str) -> None:
    """One line for the person at the terminal, whole even when several speak at once."""
    with _printing:
        sys.stdout.write(f"{name:<{WIDTH}} | {line}\n")
        sys.stdout.flush()


def exit_in_words(code: int) -> str:
    """An exit code in words: "with exit code 3", "by SIGKILL"."""
    return f"with exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"


def _relay(name: str, stream: IO[bytes]) -> None:
    with stream:
        for line in stream:
            print_line(name, line.decode(errors="replace").rstrip("\n"))
