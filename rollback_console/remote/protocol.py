"""The seam to a host: what the console may ask of one, whatever carries it.

Everything here is plain values. `ssh.py` is the one real implementation; tests may
stand their own behind the same protocol.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Protocol, runtime_checkable

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class HostKeyPin:
    """One host key a person confirmed: `type` as in `ssh-ed25519`, `key` as base64."""

    type: str
    key: str

    @property
    def fingerprint(self) -> str:
        """As OpenSSH prints it, for people to compare. Empty if `key` is not base64."""
        try:
            digest = sha256(b64decode(self.key, validate=True)).digest()
        except ValueError:
            return ""
        return "SHA256:" + b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Login:
    """How to sign in. Exactly one of `private_key` (PEM text) and `password` is set."""

    private_key: str = field(default="", repr=False)
    passphrase: str = field(default="", repr=False)
    certificate: str = ""
    password: str = field(default="", repr=False)


class RunnerKind(StrEnum):
    """What carries attempts on a host: the agent in Python, or the runner in POSIX sh.

    `auto` is the agent wherever the host has Python. `python` starts nothing without it.
    """

    AUTO = "auto"
    PYTHON = "python"
    SHELL = "shell"


@dataclass(frozen=True, slots=True)
class HostAddress:
    """Where a host is, who it must prove to be, and how to sign in to it.

    `older_algorithms` are spoken only where an Admin allowed them for this host.
    """

    name: str
    address: str
    username: str
    login: Login
    host_keys: tuple[HostKeyPin, ...]
    port: int = 22
    jump: HostAddress | None = None
    runner: RunnerKind = RunnerKind.AUTO
    older_algorithms: bool = False


@dataclass(frozen=True, slots=True)
class RunRef:
    """One attempt on one host, named by its run token (a UUID in text).

    `boot_id` is the boot it was launched under, where known: with it a host that lost the
    attempt's folder in a crash is told from one that never had it.
    """

    token: str
    boot_id: str = ""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What to start under a token.

    `script` is shell text and runs unchanged. `environment` reaches it as exported
    variables, `secrets` likewise but travel on stdin and never touch argv. `time_limit`
    and `grace` are seconds, `cap` is bytes of log kept. An empty `cwd` is the account's
    home, an empty `user` the account itself (else `sudo -n -u user`). `strict`: an unset variable
    and any part of a pipe that fails end it. `login`: what a login shell reads is read first.
    """

    token: str
    script: str
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    cwd: str = ""
    user: str = ""
    strict: bool = True
    login: bool = False
    time_limit: int = 3600
    grace: int = 10
    cap: int = 256 * MIB


@dataclass(frozen=True, slots=True)
class Chunk:
    """Raw bytes of a run's log, starting `offset` bytes into it."""

    offset: int
    data: bytes


class Ending(StrEnum):
    """How an attempt ended, or why nobody can say."""

    FINISHED = "finished"
    TIMED_OUT = "timed_out"
    ABORTED = "aborted"
    ABORT_UNCONFIRMED = "abort_unconfirmed"
    NEVER_STARTED = "never_started"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The last word about an attempt.

    `exit_code` is None unless the command reported one. `why` is a sentence for a person.
    `bytes` is the log's full length in bytes; `flags` may hold truncated, disk_full,
    pump_died, pipe_held, orphan. `survivors` lists processes an abort could not end.
    """

    ending: Ending
    exit_code: int | None = None
    why: str = ""
    bytes: int = 0
    flags: frozenset[str] = frozenset()
    survivors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """The host accepted (or already had) this token; `boot_id` is the boot it runs under.

    `runner` is what was asked, and `trouble` why the Python one was not, where that is news: it
    ends a sentence that begins with "The Python runner of this host".
    """

    boot_id: str
    already: bool
    runner: RunnerKind = RunnerKind.SHELL
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a short read-only command (a probe) said."""

    exit_code: int
    output: bytes
    errors: bytes


@runtime_checkable
class Remote(Protocol):
    """One open connection to one host. Methods raise the errors of `remote.errors`.

    `close()` may be called from another thread; a `follow` under way then raises
    `HostUnreachable`. Nothing a host runs is ended by closing.
    """

    def follow(self, ref: RunRef, offset: int = 0) -> Iterator[Chunk | Outcome]:
        """Yield the log from `offset` as it grows and, last, exactly one Outcome."""

    def run(self, request: RunRequest, offset: int = 0) -> Iterator[Started | Chunk | Outcome]:
        """Start the command detached, unless this token was ever started, and follow its log.

        Never starts it twice. Both go over one channel: one round trip less a step.
        """

    def veto(self, ref: RunRef) -> bool:
        """Make a start under this token impossible; True proves that it never started."""

    def stop(self, ref: RunRef, grace: int = 10) -> Outcome:
        """Abort: TERM, `grace` seconds, KILL, then say what is proven gone."""

    def acknowledge(self, *refs: RunRef) -> None:
        """Everything is stored: remove these attempts' folders. Safe to repeat.

        Raises RunnerRefused when one of them still runs; the others are removed all the same.
        """

    def ask(self, argv: list[str], stdin: bytes = b"", timeout: float = 20) -> Answer:
        """Run a short read-only command for a probe; not durable."""

    def close(self) -> None: ...
