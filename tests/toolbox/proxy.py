"""A TCP proxy between the console and a host, whose network can fail in every way."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests import tally

TO_HOST, TO_CONSOLE = "to host", "to console"
BOTH = (TO_HOST, TO_CONSOLE)
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close sends RST


@dataclass
class _Direction:
    """One direction: bytes pass while it is `open`; `left` of them until it shuts or resets."""

    open: threading.Event = field(default_factory=threading.Event)
    left: int | None = None
    resets: bool = False
    passed: int = 0
    delay: float = 0.0


class Proxy:
    """Listens on `port` of 127.0.0.1 and passes everything on to `target` until told not to."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._ways = {way: _Direction() for way in BOTH}
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._refusing = threading.Event()
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.heal()
        threading.Thread(target=self._accept, daemon=True).start()

    def swallow(self, *ways: str) -> None:
        """Nothing passes any more, and nobody is told: what a cut cable looks like."""
        for way in ways or BOTH:
            self._ways[way].open.clear()
        tally.struck("cuts")

    def swallow_after(self, way: str, more: int) -> None:
        """Let so many more bytes pass that way, then none."""
        self._ways[way].left = more

    def reset_after(self, way: str, more: int) -> None:
        """Let so many more bytes pass that way, then reset what is connected."""
        self._ways[way].left, self._ways[way].resets = more, True

    def slow(self, way: str, seconds: float) -> None:
        """Whatever passes that way comes so much later."""
        self._ways[way].delay = seconds

    def passed(self, way: str) -> int:
        """Bytes so far."""
        return self._ways[way].passed

    def stuck(self, way: str) -> bool:
        """Whether nothing passes that way."""
        return not self._ways[way].open.is_set()

    def reset(self) -> None:
        """RST to both ends of every connection."""
        tally.struck("cuts")
        self._drop_all()

    def refuse(self) -> None:
        """Reset what there is and whatever comes."""
        self._refusing.set()
        self.reset()

    def heal(self) -> None:
        """Everything passes again; what was held up arrives now."""
        self._refusing.clear()
        for way in self._ways.values():
            way.left, way.resets, way.delay = None, False, 0.0
            way.open.set()

    def close(self) -> None:
        self._over.set()
        self._listener.close()
        self.heal()
        self._drop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                near, _ = self._listener.accept()
                self._begin(near)
            except OSError:
                continue

    def _begin(self, near: socket.socket) -> None:
        if self._refusing.is_set():
            _reset(near)
            return
        far = socket.socket()
        try:
            far.connect(("127.0.0.1", self._target))
        except OSError:
            far.close()
            _reset(near)
            return
        pair = (near, far)
        self._pairs.add(pair)
        if self._over.is_set():  # nobody comes after us to close what came in last
            self._drop(pair)
            return
        for source, sink, way in ((near, far, TO_HOST), (far, near, TO_CONSOLE)):
            arguments = (pair, source, sink, self._ways[way])
            threading.Thread(target=self._pass, args=arguments, daemon=True).start()

    def _pass(
        self,
        pair: tuple[socket.socket, socket.socket],
        source: socket.socket,
        sink: socket.socket,
        way: _Direction,
    ) -> None:
        with suppress(OSError):
            while data := source.recv(16 * 1024):
                self._over.wait(way.delay)
                while data:
                    way.open.wait()
                    now = data if way.left is None else data[: way.left]
                    sink.sendall(now)
                    data = data[len(now) :]
                    way.passed += len(now)
                    if way.left is not None:
                        way.left -= len(now)
                        if not way.left:
                            way.left = None
                            if way.resets:
                                self._drop(pair)
                                return
                            way.open.clear()
            sink.shutdown(socket.SHUT_WR)
            return
        self._drop(pair)

    def _drop_all(self) -> None:
        for pair in list(self._pairs):
            self._drop(pair)

    def _drop(self, pair: tuple[socket.socket, socket.socket]) -> None:
        self._pairs.discard(pair)
        for end in pair:
            _reset(end)


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        end.shutdown(socket.SHUT_RD)
    end.close()
