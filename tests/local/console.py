"""A console started as a person starts it, in a data folder and on a port of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from rollback_console.demo.layout import Layout
from rollback_console.demo.state import State
from rollback_console.processes.ports import free_port
from tests.toolbox.database import migrated_file
from tests.toolbox.waiting import until

PATIENCE = 180.0
UNCHANGED: Mapping[str, str] = MappingProxyType({})
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


class Console:
    """`python -m rollback_console up`; what it printed so far is in `said`."""

    def __init__(
        self,
        data: Path,
        port: int = 0,
        settings: Mapping[str, str] = UNCHANGED,
        *,
        first_start: bool = False,
    ) -> None:
        if not first_start:
            place_tables(data)
        self.data, self.port = data, port or free_port()
        self.lines: list[str] = []
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rollback_console", "up"],
            env={**kept, "DATA_DIR": str(data), "PORT": str(self.port), **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    @property
    def demo(self) -> State:
        state = State.load(Layout(self.data / "demo"))
        assert state
        return state

    def ready(self) -> Console:
        """Wait for the greeting."""
        self.await_words("The console answers at")
        return self

    def await_words(self, words: str) -> None:
        until(
            lambda: words in self.said,
            f"it says {words!r}",
            details=lambda: self.said,
            hopeless=lambda: self.process.poll() is not None and not self._reader.is_alive(),
        )

    def await_end(self) -> int:
        """Its exit code, once it has ended by itself."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def interrupt(self) -> int:
        """Ctrl-C, as a terminal sends it to the foreground."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.await_end()

    def family(self) -> list[int]:
        """Every process that works on this data folder, wherever it has been moved."""
        return [pid for pid in _pids() if pid != os.getpid() and str(self.data) in _words(pid)]

    def end(self) -> None:
        """However the test went: nothing stays."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.await_end()
        with suppress(AssertionError):
            until(lambda: not self.family(), seconds=20)
        for pid in self.family():
            os.kill(pid, signal.SIGKILL)

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as stream:
            for line in stream:
                self.lines.append(line.rstrip("\n"))


def place_tables(data: Path) -> None:
    """A migrated database in a data folder that has none, so that a start need not migrate it."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (data / "console.sqlite3").exists():
        shutil.copy(migrated_file(), data / "console.sqlite3")


def status(url: str) -> int:
    """What a page answers: its HTTP status, 0 when nobody is there."""
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0


def _pids() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]


def _words(pid: int) -> str:
    """The arguments and the environment of a process that lives."""
    folder = Path(f"/proc/{pid}")
    try:
        if folder.joinpath("stat").read_text().rpartition(") ")[2].startswith("Z"):
            return ""
        words = folder.joinpath("cmdline").read_bytes() + folder.joinpath("environ").read_bytes()
    except OSError:
        return ""
    return words.decode(errors="replace")
