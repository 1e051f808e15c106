"""What the tests of attempts say again and again."""

from __future__ import annotations

import stat
import uuid
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from rollback_console.remote.protocol import Chunk, Outcome, Remote, RunRef, RunRequest, Started
from tests import tally
from tests.toolbox.attempt_probe import Presence, read_attempt_folder
from tests.toolbox.waiting import until

from .sshd import Sshd


def request(script: str, **changes: object) -> RunRequest:
    return RunRequest(str(uuid.uuid4()), script, **changes)  # type: ignore[arg-type]


@dataclass
class Seen:
    """What one follow showed: the log put together by its offsets, and the last word."""

    log: bytes = b""
    started: Started | None = None
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        assert len(self.outcomes) == 1
        return self.outcomes[0]


def watch(events: Iterable[Started | Chunk | Outcome], offset: int = 0) -> Seen:
    seen = Seen()
    for event in events:
        match event:
            case Chunk(at, data):
                assert at == offset + len(seen.log), "a gap or a repetition in the log"
                seen.log += data
            case Started():
                seen.started = event
            case Outcome():
                seen.outcomes.append(event)
    return seen


def read_until(events: Iterable[Started | Chunk | Outcome], text: bytes) -> bytes:
    """The log so far, once it contains `text`; the rest can be read on from `events`."""
    log = b""
    for event in events:
        if isinstance(event, Chunk):
            log += event.data
            if text in log:
                return log
    raise AssertionError(f"{text!r} never came, only {log!r}")


class Folder:
    """An attempt as its host keeps it, for looking and for breaking things."""

    def __init__(self, sshd: Sshd, token: str) -> None:
        self.path = sshd.attempts / token

    def text(self, name: str) -> str:
        path = self.path / name
        return str(path.readlink()) if path.is_symlink() else ""

    def pid(self, name: str) -> int:
        """Of whoever made `go` (the supervisor) or `run` (the command's shell)."""
        return int(until(lambda: self.text(name)).split()[0])

    def leader(self) -> int:
        """Who waits for the command: for the agent, the parent of what `run` names."""
        pid = self.pid("run")
        parent = parent_of(pid)
        mine = parent and b"rollback_agent" in Path(f"/proc/{parent}/cmdline").read_bytes()
        return parent if mine else pid

    def kill(self, name: str) -> None:
        """Whoever made this token."""
        pid = self.leader() if name == "run" else self.pid(name)
        tally.kill(pid)
        until(lambda: not living(pid))

    def kill_all(self) -> None:
        """As a reboot does: supervisor, pump, leader and command."""
        supervisor, leader, command = self.pid("go"), self.leader(), self.pid("run")
        tally.kill_group(supervisor)
        for group in {leader, command}:
            tally.kill_group(group)

    def writers(self) -> list[int]:
        """The processes that write the log."""
        log = (self.path / "log").resolve()
        pids = set()
        for link in Path("/proc").glob("[0-9]*/fd/[0-9]*"):
            try:
                if link.readlink() == log and link.lstat().st_mode & stat.S_IWUSR:
                    pids.add(int(link.parts[2]))
            except OSError:
                continue
        return sorted(pids)


def parent_of(pid: int) -> int:
    """0 for a process that is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[1])


def living(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def ref(request: RunRequest) -> RunRef:
    return RunRef(request.token)


def launch(host: Remote, request: RunRequest) -> Started:
    """Start the command and hang up at once; it goes on by itself."""
    events = host.run(request)
    assert isinstance(events, Generator)
    with closing(events):
        started = next(events)
    assert isinstance(started, Started)
    return started


def presence(host: Remote, request: RunRequest) -> Presence:
    return read_attempt_folder(host, ref(request)).presence


def waiting(flag: Path) -> str:
    return f"until [ -e {flag} ]; do sleep 0.05; done"
