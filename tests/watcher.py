"""Somebody who watches one rollback, and comes back whenever the socket breaks."""

from __future__ import annotations

import json
import threading
import time
from abc import ABC, abstractmethod
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection

LIMIT = 8 * 1024 * 1024


class Watcher(threading.Thread, ABC):
    """Keeps events and logs as a page does: only what adjoins, and asks for what it missed.

    `texts` holds each log by its token, `kinds` what happened in order.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._over = threading.Event()
        self.seq = self.greetings = 0
        self.offsets: dict[str, int] = {}
        self.texts: dict[str, str] = {}
        self.kinds: list[str] = []

    @abstractmethod
    def connect(self) -> ClientConnection:
        """A new socket of that rollback."""

    def run(self) -> None:
        while not self._over.is_set():
            try:
                with self.connect() as opened:
                    self._listen(opened)
            except (OSError, WebSocketException):
                time.sleep(0.5)  # as a page waits before it tries again

    def leave(self) -> None:
        self._over.set()
        self.join(timeout=30)

    def _listen(self, opened: ClientConnection) -> None:
        self._resume(opened)
        while not self._over.is_set():
            try:
                frame = json.loads(opened.recv(timeout=0.5))
            except TimeoutError:
                continue
            self._take(frame)
            if self._apart(frame):
                self._resume(opened)

    def _resume(self, opened: ClientConnection) -> None:
        opened.send(json.dumps({"type": "resume", "seq": self.seq, "offsets": self.offsets}))

    def _apart(self, frame: dict[str, Any]) -> bool:
        """What came between the greeting and a resume may overlap what the resume brings."""
        here = self.offsets.get(frame.get("token", ""), 0)
        return frame["type"] == "log" and bool(frame["end"] > here)

    def _take(self, frame: dict[str, Any]) -> None:
        match frame:
            case {"type": "hello"}:
                self.greetings += 1
            case {"type": "event", "seq": seq} if seq == self.seq + 1:
                self.seq = seq
                self.kinds.append(frame["kind"])
            case {"type": "log", "token": token, "offset": offset} if offset == self.offsets.get(
                token, 0
            ):
                self.offsets[token] = frame["end"]
                self.texts[token] = self.texts.get(token, "") + frame["text"]
