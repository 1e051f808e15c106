"""Real receivers of messages on loopback: an HTTP server and a mail server."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from rollback_console.processes.ports import free_port


@dataclass
class Post:
    """One request that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Web:
    """An HTTP server that keeps what it gets and answers `status` and `answer`; `silent` keeps it
    waiting."""

    url: str = ""
    status: int = 200
    location: str = ""
    answer: bytes = b""
    silent: threading.Event | None = None
    posts: list[Post] = field(default_factory=list)


@dataclass
class Mail:
    """A mail server that keeps what it gets; `refuse` is what it answers instead."""

    port: int
    refuse: str = ""
    letters: list[Message] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refuse:
            return self.refuse
        self.letters.append(message_from_bytes(envelope.content))
        self.recipients += envelope.rcpt_tos
        return "250 kept"


@contextmanager
def web(context: ssl.SSLContext | None = None) -> Iterator[Web]:
    """A server on a free port of 127.0.0.1, with TLS when a context is given."""
    seen = Web()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(seen))
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    seen.url = f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield seen
    finally:
        if seen.silent:
            seen.silent.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def mail() -> Iterator[Mail]:
    """A server on a free port of 127.0.0.1."""
    kept = Mail(free_port())
    controller = Controller(kept, hostname="127.0.0.1", port=kept.port)
    controller.start()
    try:
        yield kept
    finally:
        controller.stop()


def _handler(seen: Web) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.posts.append(Post(self.path, dict(self.headers.items()), body))
            if seen.silent:
                seen.silent.wait(60)
                return
            self.send_response(seen.status)
            if seen.location:
                self.send_header("Location", seen.location)
            self.send_header("Content-Length", str(len(seen.answer)))
            self.end_headers()
            self.wfile.write(seen.answer)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Nothing on the test's output."""

    return Handler
