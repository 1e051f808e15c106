"""The Remote that speaks to the runner, over anything that can run one line on a host."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from typing import Protocol
from weakref import WeakSet

from rollback_console.remote import wire
from rollback_console.remote.errors import (
    AnswerLate,
    HostUnreachable,
    ProtocolError,
    RunnerRefused,
)
from rollback_console.remote.runner import commands

from .agent.text import agent_file
from .protocol import Answer, Chunk, Outcome, RunRef, RunRequest, Started

PATIENCE = 60.0  # seconds for the runner to answer what needs no waiting
ANSWER_CAP = 1024 * 1024  # bytes of a probe's answer that are kept
TRIES = 3  # to continue a log on a healthy connection without getting any further


class Session(Protocol):
    """One command under way on a host. Raises HostUnreachable when the connection dies."""

    def send(self, data: bytes, *, last: bool = False) -> None: ...

    def receive(self, timeout: float | None = None) -> tuple[bytes, bytes] | None:
        """Block for stdout and stderr, either may be empty; None once both have ended.

        Raises TimeoutError after `timeout` seconds of nothing.
        """

    def exit_code(self, timeout: float) -> int: ...

    def close(self) -> None: ...


class Carrier(Protocol):
    """An open connection that runs lines. `open` raises SessionRefused or HostUnreachable."""

    def open(self, line: str) -> Session: ...

    def alive(self) -> bool: ...

    def close(self) -> None: ...


@dataclass(slots=True, eq=False, weakref_slot=True)
class Call:
    """One verb of the runner under way: its records, its log, and what was noise."""

    host: str
    session: Session
    log: wire.Preamble
    records: wire.Records = field(default_factory=wire.Records)
    words: list[list[str]] = field(default_factory=list)
    output: bytes = b""
    cut_off: bool = False

    def close(self) -> None:
        self.session.close()

    def cut(self) -> None:
        """From another thread: whoever waits here is told that the host cannot be reached."""
        self.cut_off = True
        self.session.close()

    def step(self, timeout: float | None = None) -> bool:
        """Take in what arrives next; False once the session is over."""
        received = self.session.receive(timeout)
        if received is None:
            return False
        out, err = received
        self.words += self.records.feed(err)
        self.output += self.log.strip(out)
        return True

    def take(self, *names: str) -> list[str] | None:
        """The first record of one of these names, if it has come. Raises RunnerRefused."""
        for words in self.words:
            if words[0] == "refused":
                raise RunnerRefused(self.host, words[1], " ".join(words[2:]))
            if words[0] in names:
                self.words.remove(words)
                return words
        return None

    def word(self, name: str, seconds: float = PATIENCE) -> list[str]:
        """Wait for a record and give the rest of its words.

        Raises RunnerRefused, ProtocolError, AnswerLate, HostUnreachable.
        """
        late = time.monotonic() + seconds
        while (words := self.take(name)) is None:
            try:
                going_on = self.step(max(0.0, late - time.monotonic()))
            except TimeoutError as error:
                raise AnswerLate(self.host, "the runner", seconds) from error
            if not going_on and not any(words[0] in (name, "refused") for words in self.words):
                raise self.nonsense()
        return words[1:]

    def outcome(self, known: int) -> Outcome | None:
        """The last word, if it has come; `known` is the log's length so far, in bytes."""
        left = self.take("survivors")
        if left is not None:
            self.words.append(left)  # until `end`, which follows it, is there too
        if (words := self.take("end")) is None:
            return None
        try:
            return wire.outcome(words[1:], wire.survivors((left or [])[1:]), known)
        except (ValueError, KeyError) as error:
            raise ProtocolError(self.host, " ".join(words)) from error

    def nonsense(self) -> ProtocolError | HostUnreachable:
        """Why nothing more comes."""
        if self.cut_off:
            return HostUnreachable(self.host, "this use of it is over")
        noise = self.records.noise or self.log.noise
        return ProtocolError(self.host, noise.decode("utf-8", "replace").strip())


class DurableHost:
    """A `protocol.Remote`; see there for each method's promise."""

    def __init__(
        self,
        name: str,
        carrier: Carrier,
        shell: str = "sh",
        known: commands.Runner | None = None,
        python: str = "python3",
    ) -> None:
        self.python = python
        self._name, self._carrier, self._shell, self._known = name, carrier, shell, known
        self._calls: WeakSet[Call] = WeakSet()
        self._guard = threading.Lock()
        self._released = False

    def follow(self, ref: RunRef, offset: int = 0) -> Iterator[Chunk | Outcome]:
        call = self._call(commands.follow(self.runner(), ref, offset), ref.token)
        return self._log(call, ref, offset)

    def run(self, request: RunRequest, offset: int = 0) -> Iterator[Started | Chunk | Outcome]:
        payload = commands.payload(request)
        argv = commands.run(self.runner(), request, payload, offset)
        call = self._call(argv, request.token, payload)
        return self._run(call, RunRef(request.token), offset)

    def veto(self, ref: RunRef) -> bool:
        with closing(self._call(commands.veto(self.runner(), ref), ref.token)) as call:
            return call.word("veto") == ["yes"]

    def stop(self, ref: RunRef, grace: int = 10) -> Outcome:
        argv = commands.stop(self.runner(), ref, grace)
        with closing(self._call(argv, ref.token)) as call:
            return self._stopped(call, grace)

    def acknowledge(self, *refs: RunRef) -> None:
        with closing(self._call(commands.acknowledge(self.runner(), refs), "")) as call:
            call.word("cleared")

    def ask(self, argv: list[str], stdin: bytes = b"", timeout: float = 20) -> Answer:
        with closing(self._carrier.open(commands.quoted(argv))) as session:
            try:
                return _answer(session, stdin, time.monotonic() + timeout)
            except TimeoutError as error:
                raise AnswerLate(self._name, argv[0], timeout) from error

    def close(self) -> None:
        if not self._released:
            self._carrier.close()

    def alive(self) -> bool:
        return not self._released and self._carrier.alive()

    def release(self) -> DurableHost:
        with self._guard:
            self._released = True
            calls = list(self._calls)
        for call in calls:
            call.cut()
        return DurableHost(self._name, self._carrier, self._shell, self._known, self.python)

    def runner(self) -> commands.Runner:
        """What the host keeps of us, which is left there at the first use."""
        if self._known is None:
            self._known = self._greet()
        return self._known

    def _greet(self) -> commands.Runner:
        argv = commands.bootstrap(self._shell, agent_file(self.python))
        with closing(self._call(argv, "")) as call:
            with suppress(OSError):  # a host that has the runner does not read it again
                call.session.send(commands.runner_text(), last=True)
            boot_id, follows, python, *path = self._first_word(call)
            return commands.Runner(self._shell, " ".join(path), follows, boot_id, python)

    def _first_word(self, call: Call) -> list[str]:
        """Nothing is started before this answer: without one, nothing was, and nothing will be.

        Raises RunnerRefused for an account that runs no commands (nologin, sftp alone, an expired
        password), beside what `Call.word` raises.
        """
        try:
            return call.word("hello")
        except ProtocolError as error:
            raise RunnerRefused(self._name, "account", error.output or "nothing") from error
        except AnswerLate as error:
            raise RunnerRefused(self._name, "silent") from error

    def _call(self, argv: list[str], token: str, payload: bytes = b"") -> Call:
        call = Call(self._name, self._carrier.open(commands.quoted(argv)), wire.Preamble(token))
        with self._guard:
            self._calls.add(call)
            released = self._released
        if released:
            call.cut()
            raise call.nonsense()
        if payload:
            call.session.send(payload)
        return call

    def _run(self, call: Call, ref: RunRef, offset: int) -> Iterator[Started | Chunk | Outcome]:
        with closing(call):
            yield _started(call.word("started"))
            yield from self._log(call, ref, offset)

    def _log(self, call: Call, ref: RunRef, offset: int) -> Iterator[Chunk | Outcome]:
        tries = TRIES
        while True:
            reached, outcome = yield from _listen(call, offset)
            if outcome is not None:
                yield outcome
                return
            tries = tries - 1 if reached == offset else TRIES
            if tries == 0 or call.cut_off:
                raise call.nonsense()
            offset = reached
            call = self._call(commands.follow(self.runner(), ref, offset), ref.token)

    def _stopped(self, call: Call, grace: int) -> Outcome:
        # TERM, grace, KILL and its proof, and the supervisor's own wait for that proof.
        late = time.monotonic() + PATIENCE + 3 * grace
        while (outcome := call.outcome(0)) is None:
            try:
                going_on = call.step(max(0.0, late - time.monotonic()))
            except TimeoutError as error:
                raise AnswerLate(self._name, "the abort", PATIENCE + 3 * grace) from error
            if not going_on and (outcome := call.outcome(0)) is None:
                raise call.nonsense()
        return outcome


def _listen(call: Call, offset: int) -> Generator[Chunk, None, tuple[int, Outcome | None]]:
    """Yield what comes until the log is complete or the session over; offset and outcome."""
    last: Outcome | None = None
    with closing(call):
        while True:
            if data := call.output:
                call.output = b""
                yield Chunk(offset, data)
                offset += len(data)
            last = last or call.outcome(offset)
            if last is not None and "acknowledged" in last.flags:
                return offset, last  # the log went with the folder
            if last is not None and offset >= last.bytes:
                return offset, replace(last, bytes=offset)
            if not call.step():
                return offset, None


def _started(words: list[str]) -> Started:
    return Started(boot_id=words[0], already=words[1] == "already")


def _answer(session: Session, stdin: bytes, late: float) -> Answer:
    output = errors = b""
    session.send(stdin, last=True)
    while (received := session.receive(max(0.0, late - time.monotonic()))) is not None:
        output = (output + received[0])[:ANSWER_CAP]
        errors = (errors + received[1])[:ANSWER_CAP]
    return Answer(session.exit_code(max(0.0, late - time.monotonic())), output, errors)
