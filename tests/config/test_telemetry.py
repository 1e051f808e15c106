"""OpenTelemetry and Sentry: nothing without their settings, something at a receiver with them."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from rollback_console.config.env import needs

WORK = """
import sys
import rollback_console.asgi
from django.test import Client
from rollback_console.rollbacks.execution import tracing
import logging
with tracing.span("slice", rollback=4711):
    logging.getLogger("some.room").error("It broke, and says so.")
print(Client(headers={"Host": "localhost"}).get("/healthz").status_code)
print([name for name in ("sentry_sdk", "opentelemetry.exporter") if name in sys.modules])
"""


class Receiver(HTTPServer):
    """Takes whatever is posted."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Take)
        self.taken: list[tuple[str, bytes]] = []

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Take(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.taken.append((self.path, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def work(folder: Path, **settings: str) -> list[str]:
    (folder / "static").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", WORK],
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(folder), **settings},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_without_their_settings_neither_is_loaded(tmp_path: Path) -> None:
    assert work(tmp_path) == ["200", "[]"]


def test_spans_of_slices_and_requests_reach_a_collector(tmp_path: Path, receiver: Receiver) -> None:
    address = f"http://{receiver.place}"
    assert work(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=address) == [
        "200",
        "['opentelemetry.exporter']",
    ]
    assert {path for path, _ in receiver.taken} == {"/v1/traces"}
    sent = b"".join(body for _, body in receiver.taken)
    for words in (b"rollback_console.slice", b"rollback_console.rollback", b"GET healthz"):
        assert words in sent, words


def test_an_error_reaches_sentry_without_the_values_of_variables(
    tmp_path: Path, receiver: Receiver
) -> None:
    events = work(tmp_path, SENTRY_DSN=f"http://key@{receiver.place}/1")
    assert events == ["200", "['sentry_sdk']"]
    sent = b"".join(body for _, body in receiver.taken)
    assert b"It broke, and says so." in sent
    assert b"rollback-console@" in sent
    assert b'"vars"' not in sent


def test_a_setting_without_its_package_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_DSN", "http://x@127.0.0.1/1")
    with pytest.raises(ImproperlyConfigured, match=r"pip install rollback-console\[sentry\]"):
        needs("SOME_DSN", "no_such_package", "sentry")
    monkeypatch.delenv("SOME_DSN")
    assert needs("SOME_DSN", "no_such_package", "sentry") == ""
