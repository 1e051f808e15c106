"""A client of the socket that keeps what it was sent, as a browser does."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from .servers import Console

FRAME_LIMIT = 8 * 1024 * 1024


class Client:
    """Remembers seq, offsets and text by token; takes only frames that adjoin what it has."""

    def __init__(self, web: Console, number: int, session: str, **options: Any) -> None:
        self._web, self._number, self._session, self._options = web, number, session, options
        self.seq = 0
        self.offsets: dict[str, int] = {}
        self.pieces: dict[str, list[str]] = {}
        self.events: list[dict[str, Any]] = []
        self.frames: list[dict[str, Any]] = []
        self._open = ExitStack()
        self.socket: ClientConnection = self.open()

    def open(self, *, origin: str = "") -> ClientConnection:
        """Connect anew, with everything remembered kept."""
        headers = {"Cookie": f"sessionid={self._session}"} if self._session else {}
        connecting = connect(
            self._web.socket(self._number),
            origin=Origin(origin or self._web.url),
            additional_headers=headers,
            max_size=FRAME_LIMIT,
            open_timeout=60,
            compression=None,
            **self._options,
        )
        self.socket = self._open.enter_context(connecting)
        return self.socket

    def resume(self) -> None:
        """Ask for everything missed."""
        self.send({"type": "resume", "seq": self.seq, "offsets": self.offsets})

    def send(self, body: object) -> None:
        """Send anything as JSON."""
        self.socket.send(json.dumps(body))

    def until(self, met: Callable[[], object], seconds: float = 20.0) -> None:
        """Take frames until `met()`."""
        while not met():
            self.take(seconds)

    def take(self, seconds: float = 20.0) -> dict[str, Any]:
        """Take one frame."""
        frame: dict[str, Any] = json.loads(self.socket.recv(timeout=seconds))
        self.frames.append(frame)
        if frame["type"] == "event" and frame["seq"] == self.seq + 1:
            self.seq = frame["seq"]
            self.events.append(frame)
        if frame["type"] == "log" and frame["offset"] == self.offsets.get(frame["token"], 0):
            self.offsets[frame["token"]] = frame["end"]
            self.pieces.setdefault(frame["token"], []).append(frame["text"])
        return frame

    def text(self, token: str) -> str:
        """What was shown of a log."""
        return "".join(self.pieces.get(token, []))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()
