"""An sshd whose hosts' processor time can be read, and given to them alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rollback_console.rollbacks.execution import connections
from tests.remote.sshd import Sshd

# What leaves its session becomes a child of sshd (PR_SET_CHILD_SUBREAPER of prctl(2)), which buries
# it: so its time is counted there.
ADOPT = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(36, 1); os.execv(sys.argv[1], sys.argv[1:])"
)
NICER = -10


class MeteredSshd(Sshd):
    """`processor()` is what all that ever ran on its hosts took."""

    def start(self) -> MeteredSshd:
        super().start()
        return self

    def command(self) -> list[str]:
        return [sys.executable, "-I", "-S", "-c", ADOPT, *super().command()]

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def processor(self) -> float:
        """Seconds so far, by sshd, its sessions and all that these started."""
        fields = _fields_by_pid()
        mine = {self.pid}
        while more := {pid for pid, each in fields.items() if int(each[1]) in mine} - mine:
            mine |= more
        ticks = sum(int(number) for pid in mine for number in fields[pid][11:15])
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def apart(sshd: MeteredSshd) -> Iterator[str]:
    """Let the hosts have processors of their own, or the right of way; how, as a sentence."""
    cores = os.sched_getaffinity(0)
    connections.kept.close()  # what is connected runs where it was started
    try:
        yield _set_apart(sshd, sorted(cores))
    finally:
        connections.kept.close()
        os.sched_setaffinity(0, cores)
        os.sched_setaffinity(sshd.pid, cores)


def _set_apart(sshd: MeteredSshd, cores: list[int]) -> str:
    theirs, ours = cores[len(cores) // 2 :], cores[: len(cores) // 2]
    if ours:
        os.sched_setaffinity(sshd.pid, theirs)
        os.sched_setaffinity(0, ours)
        return f"{_cores(theirs)} for the hosts alone, {_cores(ours)} for the console or a peer."
    try:
        os.setpriority(os.PRIO_PROCESS, sshd.pid, NICER)
    except PermissionError:
        return "One core and no right to give the hosts more of it: as above."
    return f"One core, on which the hosts go first (nice {NICER})."


def _cores(cores: list[int]) -> str:
    return f"{len(cores)} core{'s' * (len(cores) > 1)}"


def _fields_by_pid() -> dict[int, list[str]]:
    """Of each process what proc(5) says in `stat`, from the state on."""
    fields = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields[int(path.parent.name)] = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
    return fields
