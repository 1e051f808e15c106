"""Somebody who watches a rollback at a web process of ours."""

from __future__ import annotations

import time

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests import watcher

PATIENCE = 30.0


class Watcher(watcher.Watcher):
    """`port` may change: the next socket goes there."""

    def __init__(self, port: int, number: int, cookie: str) -> None:
        super().__init__()
        self.port, self._number, self._cookie = port, number, cookie

    def seen(self, expected: dict[str, str]) -> list[str]:
        """Go once all of `wanted` is seen; sentences about what never was."""
        ends = time.monotonic() + PATIENCE
        while self.texts != expected and time.monotonic() < ends:
            time.sleep(0.1)
        self.leave()
        wrong = [token for token, text in expected.items() if self.texts.get(token) != text]
        return [
            f"the socket of rollback {self._number} never showed all of {each}" for each in wrong
        ]

    def connect(self) -> ClientConnection:
        return connect(
            f"ws://127.0.0.1:{self.port}/ws/rollbacks/{self._number}/",
            origin=Origin(f"http://127.0.0.1:{self.port}"),
            additional_headers={"Cookie": f"sessionid={self._cookie}"},
            compression=None,
            max_size=watcher.LIMIT,
            open_timeout=20,
            close_timeout=1,
        )
