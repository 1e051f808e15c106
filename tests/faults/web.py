"""A browser and a program in front of a web process of the console."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rollback_console.processes.ports import answers

if TYPE_CHECKING:
    from .stage import Process


@dataclass
class Answer:
    """`status` is 0 when the connection died without one."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Web:
    """A web process on `port`."""

    port: int
    process: Process

    def answers(self) -> bool:
        return answers("127.0.0.1", self.port)

    def get(self, path: str, cookie: str = "", **headers: str) -> Answer:
        return self._ask("GET", path, None, _cookies(cookie) | headers)

    def form(self, path: str, cookie: str, **fields: str) -> Answer:
        """What a browser sends when a form is submitted."""
        csrf = "c" * 32
        body = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": csrf})
        headers = {
            "Cookie": f"sessionid={cookie}; csrftoken={csrf}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"http://127.0.0.1:{self.port}",
        }
        return self._ask("POST", path, body, headers)

    def post(self, path: str, token: str, key: str = "", **body: Any) -> Answer:
        """What a program sends."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        return self._ask("POST", f"/api/v1{path}", json.dumps(body), headers)

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            lowered = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, answer.read().decode(), lowered)
        except (http.client.HTTPException, ConnectionError):
            return Answer(0)
        finally:
            connection.close()


def _cookies(cookie: str) -> dict[str, str]:
    return {"Cookie": f"sessionid={cookie}"} if cookie else {}
