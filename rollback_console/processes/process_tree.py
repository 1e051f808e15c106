"""Process kinship on Linux: children that end with their parent, orphans that are adopted.

Elsewhere than on Linux these do nothing, and a child killed hard may leave others behind.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import IO

_SET_PDEATHSIG = 1  # prctl(2)
_SET_CHILD_SUBREAPER = 36  # prctl(2)
_LINUX = sys.platform == "linux"
_libc = ctypes.CDLL(None, use_errno=True) if _LINUX else None


def dies_with_parent() -> Callable[[], None]:
    """A `preexec_fn`: the child gets SIGTERM when the thread that started it ends.

    Start such a child from a thread that lives as long as the child should.
    """
    return partial(end_with_parent, os.getpid())


def end_with_parent(parent: int) -> None:
    """From now on this process gets SIGTERM when its parent ends; it ends if that is over."""
    if _libc is None:
        return
    _libc.prctl(_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


def spawn(
    argv: list[str],
    *,
    env: Mapping[str, str],
    output: int | IO[bytes] = subprocess.PIPE,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a process group of its own that ends with this process.

    Standard input is empty; both outputs go to `output`. Raises OSError.
    """
    return subprocess.Popen(
        argv,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        process_group=0,
        preexec_fn=dies_with_parent(),
    )


def adopt_orphans() -> None:
    """From now on whatever a descendant leaves behind becomes a child of this process."""
    if _libc is not None:
        _libc.prctl(_SET_CHILD_SUBREAPER, 1)


def descendants(root: int) -> list[int]:
    """Every living process below `root`, nearest first."""
    children: dict[int, list[int]] = {}
    for pid, parent, state in _table():
        if state not in "ZX":
            children.setdefault(parent, []).append(pid)
    pids: list[int] = []
    waiting = [root]
    while waiting:
        new = children.get(waiting.pop(0), [])
        pids += new
        waiting += new
    return pids


def reap() -> list[tuple[int, int]]:
    """Bury every dead child: (process id, exit code or minus the signal) each."""
    buried: list[tuple[int, int]] = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return buried
        if pid == 0:
            return buried
        buried.append((pid, os.waitstatus_to_exitcode(status)))


def end_descendants(patience: float) -> None:
    """TERM to all below this process, `patience` seconds, then KILL until none is left."""
    send(descendants(os.getpid()), signal.SIGTERM)
    limit = time.monotonic() + patience
    while remaining := descendants(os.getpid()):
        if time.monotonic() > limit:
            send(remaining, signal.SIGKILL)
        reap()
        time.sleep(0.02)
    reap()


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Signal each; those that are gone already are no matter."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue


def _table() -> list[tuple[int, int, str]]:
    rows: list[tuple[int, int, str]] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        rows.append((int(stat.parent.name), int(fields[1]), fields[0]))
    return rows
