"""Somebody who watches a rollback through the proxy."""

from __future__ import annotations

import socket
import ssl

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.hosts.company import NAME, Company
from tests.watcher import LIMIT, Watcher


class Viewer(Watcher):
    """By the name that the proxy's certificate is for."""

    def __init__(self, company: Company, number: int, session: str) -> None:
        super().__init__()
        self._front, self._number, self._session = company.front.ip, number, session
        self._trust = ssl.create_default_context(cafile=str(company.certificate))

    def connect(self) -> ClientConnection:
        return connect(
            f"wss://{NAME}/ws/rollbacks/{self._number}/",
            sock=socket.create_connection((self._front, 443), timeout=10),
            ssl=self._trust,
            origin=Origin(f"https://{NAME}"),
            additional_headers={"Cookie": f"__Host-sessionid={self._session}"},
            max_size=LIMIT,
            open_timeout=20,
            close_timeout=2,
        )
