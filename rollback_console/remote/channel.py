"""One command under way on an open connection: bytes out, bytes in, blocking on arrival.

Knows what a channel does, not which library made it: `ssh.py` hands one in.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any, Protocol

from rollback_console.remote.errors import HostUnreachable

RECEIVE = 256 * 1024  # bytes taken at once; the channel's window bounds what can wait


class Channel(Protocol):
    """What is used of `paramiko.Channel`."""

    in_buffer: Any
    in_stderr_buffer: Any
    eof_received: Any
    closed: bool
    exit_status: int
    status_event: threading.Event

    def sendall(self, s: bytes, /) -> object: ...
    def shutdown_write(self) -> None: ...
    def recv_ready(self) -> bool: ...
    def recv(self, nbytes: int, /) -> bytes: ...
    def recv_stderr_ready(self) -> bool: ...
    def recv_stderr(self, nbytes: int, /) -> bytes: ...
    def get_transport(self) -> Any: ...
    def close(self) -> None: ...


class ChannelSession:
    """A `session.Session`. `broken` are the errors of a channel whose connection died."""

    def __init__(self, host: str, channel: Channel, broken: tuple[type[Exception], ...]) -> None:
        self._host, self._channel, self._broken = host, channel, broken
        self._bell = _Bell()
        channel.in_buffer.set_event(self._bell)
        channel.in_stderr_buffer.set_event(self._bell)

    def send(self, data: bytes, *, last: bool = False) -> None:
        try:
            self._channel.sendall(data)
            if last:
                self._channel.shutdown_write()
        except self._broken as error:
            if not self._alive():
                raise HostUnreachable(self._host, "the connection died") from error
            # the other side reads no more but lives; what it says next tells why

    def receive(self, timeout: float | None = None) -> tuple[bytes, bytes] | None:
        while self._bell.wait(timeout):
            self._bell.silence()
            over = self._channel.eof_received or self._channel.closed
            out, err = self._arrived()
            if out or err or over:
                self._bell.set()  # there may be more to look at, if only the end
            if out or err:
                return out, err
            if over and not self._alive():
                raise HostUnreachable(self._host, "the connection died")
            if over:
                return None
        raise TimeoutError

    def exit_code(self, timeout: float) -> int:
        if not self._channel.status_event.wait(timeout):
            raise TimeoutError
        return self._channel.exit_status

    def close(self) -> None:
        with suppress(*self._broken):
            self._channel.close()

    def _arrived(self) -> tuple[bytes, bytes]:
        channel = self._channel
        try:
            out = channel.recv(RECEIVE) if channel.recv_ready() else b""
            err = channel.recv_stderr(RECEIVE) if channel.recv_stderr_ready() else b""
        except self._broken as error:  # reading tells the other side that there is room again
            raise HostUnreachable(self._host, "the connection died") from error
        return out, err

    def _alive(self) -> bool:
        return bool(self._channel.get_transport().is_active())


class _Bell(threading.Event):
    """Rung by either stream. Only the listener silences it, before it looks at both."""

    def clear(self) -> None:
        """The library's word that one stream is empty says nothing about the other."""

    def silence(self) -> None:
        super().clear()
