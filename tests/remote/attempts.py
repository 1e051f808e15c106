"""What the tests of attempts say again and again."""

from __future__ import annotations

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

    def kill(self, name: str) -> None:
        tally.kill(self.pid(name))
        until(lambda: not living(self.pid(name)))

    def writers(self) -> list[int]:
        """The processes that write the log."""
        log = (self.path / "log").resolve()
        attempts = []
        for link in Path("/proc").glob("[0-9]*/fd/1"):
            try:
                if link.readlink() == log:
                    attempts.append(int(link.parts[2]))
            except OSError:
                continue
        return attempts


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
