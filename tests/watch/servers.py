"""A service that answers, and a Prometheus that is asked, on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Service:
    """A page that answers `status` and `text`, and a Prometheus whose query answers `values`."""

    url: str = ""
    status: int = 200
    text: str = "all well"
    values: list[Any] = field(default_factory=lambda: ["1.5"])
    before: list[Any] = field(default_factory=lambda: ["1", "3"])
    answer: dict[str, Any] | None = None
    silent: threading.Event | None = None
    queries: list[dict[str, list[str]]] = field(default_factory=list)

    def prometheus(self, path: str) -> bytes:
        if self.answer is not None:
            return json.dumps(self.answer).encode()
        if path.endswith("query_range"):
            pairs = [[at, each] for at, each in enumerate(self.before)]
            result: list[dict[str, Any]] = [{"metric": {}, "values": pairs}]
            kind = "matrix"
        else:
            result = [{"metric": {}, "value": [1, each]} for each in self.values]
            kind = "vector"
        body = {"status": "success", "data": {"resultType": kind, "result": result}}
        return json.dumps(body).encode()


@contextmanager
def serving() -> Iterator[Service]:
    """Both on one free port of 127.0.0.1."""
    seen = Service()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(seen))
    seen.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield seen
    finally:
        if seen.silent:
            seen.silent.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(seen: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if seen.silent:
                seen.silent.wait(30)
                return
            parts = urlsplit(self.path)
            seen.queries.append(parse_qs(parts.query))
            is_query = "/api/v1/" in parts.path
            body = seen.prometheus(parts.path) if is_query else seen.text.encode()
            self.send_response(seen.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing on the test's output."""

    return Handler
