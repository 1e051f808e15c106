"""Somebody who watches a rollback through the proxy, and comes back whenever the socket breaks."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from tests.hosts.company import NAME, Company


class Viewer(threading.Thread):
    """Keeps events and logs as a page does: only what adjoins, and asks for what it missed."""

    def __init__(self, company: Company, number: int, session: str) -> None:
        super().__init__(daemon=True)
        self._front, self._number, self._session = company.front.ip, number, session
        self._trust = ssl.create_default_context(cafile=str(company.certificate))
        self._over = threading.Event()
        self.seq = self.greetings = 0
        self.offsets: dict[str, int] = {}
        self.texts: dict[str, str] = {}
        self.kinds: list[str] = []

    def run(self) -> None:
        while not self._over.is_set():
            try:
                with self._connect() as opened:
                    self._listen(opened)
            except (OSError, WebSocketException):
                time.sleep(0.5)  # as a page waits before it tries again

    def leave(self) -> None:
        self._over.set()
        self.join(timeout=30)

    def _connect(self) -> ClientConnection:
        return connect(
            f"wss://{NAME}/ws/rollbacks/{self._number}/",
            sock=socket.create_connection((self._front, 443), timeout=10),
            ssl=self._trust,
            origin=f"https://{NAME}",  # type: ignore[arg-type]
            additional_headers={"Cookie": f"__Host-sessionid={self._session}"},
            max_size=8 * 1024 * 1024,
            open_timeout=20,
            close_timeout=2,
        )

    def _listen(self, opened: ClientConnection) -> None:
        resume = {"type": "resume", "seq": self.seq, "offsets": self.offsets}
        opened.send(json.dumps(resume))
        while not self._over.is_set():
            try:
                self._take(json.loads(opened.recv(timeout=1)))
            except TimeoutError:
                continue

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
