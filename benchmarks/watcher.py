"""Somebody who watches one rollback, and comes back whenever the socket breaks."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

LIMIT = 8 * 1024 * 1024
PATIENCE = 30.0


class Watcher(threading.Thread):
    """Keeps the text of each log by its token, taking only what adjoins; `port` may change."""

    def __init__(self, port: int, number: int, cookie: str) -> None:
        super().__init__(daemon=True)
        self.port, self._number, self._cookie = port, number, cookie
        self._over = threading.Event()
        self.greetings, self.seq = 0, 0
        self.offsets: dict[str, int] = {}
        self.texts: dict[str, str] = {}

    def run(self) -> None:
        while not self._over.is_set():
            try:
                with self._connect() as opened:
                    self._listen(opened)
            except (OSError, WebSocketException):
                time.sleep(0.3)

    def leave(self, wanted: dict[str, str]) -> list[str]:
        """Go once all of `wanted` is seen; sentences about what never was."""
        ends = time.monotonic() + PATIENCE
        while self.texts != wanted and time.monotonic() < ends:
            time.sleep(0.1)
        self._over.set()
        self.join(timeout=20)
        wrong = [token for token, text in wanted.items() if self.texts.get(token) != text]
        return [
            f"the socket of rollback {self._number} never showed all of {each}" for each in wrong
        ]

    def _connect(self) -> ClientConnection:
        return connect(
            f"ws://127.0.0.1:{self.port}/ws/rollbacks/{self._number}/",
            origin=f"http://127.0.0.1:{self.port}",  # type: ignore[arg-type]
            additional_headers={"Cookie": f"sessionid={self._cookie}"},
            compression=None,
            max_size=LIMIT,
            open_timeout=20,
            close_timeout=1,
        )

    def _listen(self, opened: ClientConnection) -> None:
        opened.send(json.dumps({"type": "resume", "seq": self.seq, "offsets": self.offsets}))
        while not self._over.is_set():
            try:
                self._take(json.loads(opened.recv(timeout=0.5)))
            except TimeoutError:
                continue

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "hello":
            self.greetings += 1
        elif frame["type"] == "event" and frame["seq"] == self.seq + 1:
            self.seq = frame["seq"]
        elif frame["type"] == "log" and frame["offset"] == self.offsets.get(frame["token"], 0):
            self.offsets[frame["token"]] = frame["end"]
            shown = self.texts.get(frame["token"], "")
            self.texts[frame["token"]] = shown + frame["text"]
