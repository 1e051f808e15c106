"""A TCP relay between the console and a host, to cut, to silence and to heal."""

from __future__ import annotations

import selectors
import socket
import struct
import threading

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset


class Proxy:
    """Listens on `port` and relays to `target`. `limit` bytes from there, then it resets."""

    def __init__(self, target: int, limit: int | None = None) -> None:
        self._target = target
        self._left = limit
        self._silent = False
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._waker, self._wake = socket.socketpair()
        self._selector.register(self._waker, selectors.EVENT_READ)
        self._over = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def silence(self) -> None:
        """Take nothing from either side any more; the connections stay."""
        self._silent = True
        self._wake.send(b".")

    def heal(self, limit: int | None = None) -> None:
        """Drop the old connections, relay new ones."""
        self._silent, self._left = False, limit
        self.cut()

    def cut(self) -> None:
        """Reset every connection."""
        for pair in self._pairs:
            self._reset(pair)

    def close(self) -> None:
        self._over = True
        self._wake.send(b".")
        self._thread.join()
        self.cut()
        for each in (self._listener, self._waker, self._wake, self._selector):
            each.close()
        for pair in self._pairs:
            for side in pair:
                side.close()

    def _serve(self) -> None:
        while not self._over:
            for key, _ in self._selector.select():
                if key.fileobj is self._waker:
                    self._waker.recv(64)
                    self._apply_silence()
                elif key.fileobj is self._listener:
                    self._accept()
                else:
                    self._relay(key.fileobj, key.data)  # type: ignore[arg-type]

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        far = socket.create_connection(("127.0.0.1", self._target))
        for side in (near, far):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = (near, far)
        self._pairs.append(pair)
        if not self._silent:
            for side in pair:
                self._selector.register(side, selectors.EVENT_READ, pair)

    def _relay(self, source: socket.socket, pair: tuple[socket.socket, socket.socket]) -> None:
        near, far = pair
        try:
            data = source.recv(16384)
            if source is far and self._left is not None:
                data, self._left = data[: self._left], self._left - len(data)
            (near if source is far else far).sendall(data)
        except OSError:
            data = b""
        if not data or (self._left is not None and self._left <= 0):
            self._forget(pair)
            self._reset(pair)

    def _apply_silence(self) -> None:
        if self._silent:
            for pair in self._pairs:
                self._forget(pair)

    def _forget(self, pair: tuple[socket.socket, socket.socket]) -> None:
        for side in pair:
            if side in {key.fileobj for key in self._selector.get_map().values()}:
                self._selector.unregister(side)

    @staticmethod
    def _reset(pair: tuple[socket.socket, socket.socket]) -> None:
        for side in pair:
            try:
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                side.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
