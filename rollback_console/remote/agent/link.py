"""One agent under way on a host: many calls at once over one channel.

No thread of its own reads the channel. Of those that wait for a frame one reads, and hands the
others theirs; the one that has its own leaves the channel to the next.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from rollback_console.remote import wire
from rollback_console.remote.errors import HostUnreachable, RemoteError

from ..session import Session
from .frames import VERSION, AgentFrame, BadFrame, FrameReader, encode

WINDOW = 1024 * 1024  # bytes of a log that may be on their way to one call
ASK_AFTER = 5.0  # seconds of silence, then the agent is asked whether it is there
LAST = frozenset({"end", "refused", "broken", "veto", "cleared", "hello"})  # nothing follows them
LOST_AFTER = 20.0  # seconds of silence, then it is given up


class AgentLost(Exception):
    """The agent is of no use any more; the sentence says why, without its subject."""


@dataclass(slots=True, eq=False)
class AgentCall:
    """One thing the agent was asked for, and the frames about it that nobody took yet."""

    link: AgentLink
    number: int
    frames: deque[AgentFrame] = field(default_factory=deque)
    taken: int = 0
    cut_off: bool = False

    def next_frame(self, seconds: float | None = None) -> AgentFrame:
        """Wait for the next; TimeoutError after `seconds`. Raises AgentLost, HostUnreachable."""
        return self.link.next_frame(self, seconds)

    def close(self) -> None:
        self.link.drop(self)


class AgentLink:
    """The console's end of one agent. Raises AgentLost unless it greets within `patience`."""

    def __init__(self, host: str, session: Session, mark: str, patience: float) -> None:
        self._host, self._session = host, session
        self._preamble, self._reader = wire.Preamble(mark), FrameReader()
        self._turn, self._sending = threading.Condition(), threading.Lock()
        self._greeting = AgentCall(self, 0)
        self._calls = {0: self._greeting}
        self._numbers = 0
        self._is_read = False
        self._silence = 0.0  # seconds that somebody waited in vain
        self._noise = b""
        self._failure: AgentLost | RemoteError | None = None
        self.python = self._greet(patience)

    @property
    def is_usable(self) -> bool:
        return self._failure is None

    @property
    def is_idle(self) -> bool:
        return not self._calls

    def start_call(self, verb: str, body: bytes = b"", **facts: Any) -> AgentCall:
        """Ask for something. Raises AgentLost or HostUnreachable."""
        with self._turn:
            self._numbers += 1
            call = self._calls[self._numbers] = AgentCall(self, self._numbers)
        self._send({**facts, "verb": verb, "call": call.number}, body)
        return call

    def next_frame(self, call: AgentCall, seconds: float | None) -> AgentFrame:
        late = None if seconds is None else time.monotonic() + seconds
        with self._turn:
            while not call.frames:
                self._wait_for(call, late)
            frame = call.frames.popleft()
        self._give_credit(call, len(frame.body))
        return frame

    def drop(self, call: AgentCall) -> None:
        """Nobody waits for this any more. What it started goes on."""
        with self._turn:
            is_open = self._calls.pop(call.number, None) is not None
        if is_open and self._failure is None:
            try:
                self._send({"verb": "drop", "call": call.number})
            except (AgentLost, RemoteError):
                return

    def close(self) -> None:
        """End the agent; whoever waits here is told that the host cannot be reached."""
        self.abandon(HostUnreachable(self._host, "this use of it is over"))

    def abandon(self, why: AgentLost | RemoteError) -> None:
        """End the agent; whoever waits here, or comes later, gets this error."""
        with self._turn:
            self._fail(why)
        self._session.close()

    def _greet(self, patience: float) -> str:
        try:
            greeting = self._greeting.next_frame(patience).head
        except TimeoutError as error:
            raise AgentLost(f"did not greet within {patience:g} seconds") from error
        finally:
            self._calls.pop(0, None)
        if greeting.get("hello") != VERSION:
            raise AgentLost("is of another version")
        return str(greeting.get("python"))[:20]

    def _wait_for(self, call: AgentCall, late: float | None) -> None:
        """One turn, with `_turn` held: read the channel, or wait while another does."""
        if self._failure is not None:
            raise self._failure
        left = ASK_AFTER if late is None else min(ASK_AFTER, late - time.monotonic())
        if left <= 0:
            raise TimeoutError
        if self._is_read:
            self._turn.wait(left)
        else:
            self._read(left)

    def _read(self, seconds: float) -> None:
        self._is_read = True
        self._turn.release()
        try:
            frames: list[AgentFrame] = self._receive(seconds)
            failure: AgentLost | RemoteError | None = None
        except (AgentLost, RemoteError) as error:
            frames, failure = [], error
        finally:
            self._turn.acquire()
            self._is_read = False
            self._turn.notify_all()
        for frame in frames:
            self._hand_on(frame)
        if failure is not None:
            self._fail(failure)

    def _hand_on(self, frame: AgentFrame) -> None:
        if call := self._calls.get(frame.call):
            call.frames.append(frame)
            if frame.head.keys() & LAST:
                del self._calls[frame.call]

    def _receive(self, seconds: float) -> list[AgentFrame]:
        try:
            received = self._session.receive(seconds)
        except TimeoutError:
            self._ask(seconds)
            return []
        if received is None:
            raise AgentLost(f"ended: {self._last_line() or 'without a word'}")
        output, errors = received
        self._silence = 0.0
        self._noise = (self._noise + errors)[-wire.NOISE_KEPT :]
        try:
            return list(self._reader.feed(self._preamble.strip(output)))
        except BadFrame as error:
            raise AgentLost(f"cannot be understood: {error}") from error

    def _last_line(self) -> str:
        """The last thing it said that is no frame, such as an error of Python."""
        lines = (self._noise or self._preamble.noise).decode("utf-8", "replace").split("\n")
        return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")

    def _ask(self, seconds: float) -> None:
        """Nothing came for some seconds: ask, and give up when that happened too often."""
        self._silence += seconds
        if self._silence >= LOST_AFTER:
            raise AgentLost(f"said nothing for {LOST_AFTER:g} seconds")
        if seconds >= ASK_AFTER:
            self._send({"verb": "ping", "call": 10**9})

    def _give_credit(self, call: AgentCall, size: int) -> None:
        call.taken += size
        if call.taken >= WINDOW // 4:
            credit, call.taken = call.taken, 0
            self._send({"verb": "credit", "call": call.number, "credit": credit})

    def _send(self, head: dict[str, Any], body: bytes = b"") -> None:
        if self._failure is not None:
            raise self._failure
        with self._sending:
            self._session.send(encode(head, body))

    def _fail(self, error: AgentLost | RemoteError) -> None:
        """With `_turn` held: nothing more comes."""
        if self._failure is None:
            self._failure = error
        self._turn.notify_all()
