"""What is refused before anybody is known: large bodies, endless ones, heads that never end."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import pytest
from uvicorn import Config, Server

from rollback_console.processes import body_limit
from rollback_console.processes.body_limit import INCIDENT, PERSON, STRANGER, BodyLimit
from rollback_console.processes.header_deadline import HeaderDeadlineProtocol

COOKIE = (b"cookie", b"theme=dark; sessionid=abc")
TOKEN = (b"authorization", b"Bearer rbc_x")


async def send_body(
    path: str, *headers: tuple[bytes, bytes], pieces: list[bytes], seconds: float = 60
) -> tuple[int, bytes, int]:
    """Status, body of the answer, and how many bytes reached the application."""
    arrived = 0
    sent: list[dict[str, Any]] = []
    waiting = iter(pieces)

    async def application(_scope: Any, receive: Any, send: Any) -> None:
        nonlocal arrived
        more = True
        while more:
            message = await receive()
            arrived += len(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> dict[str, Any]:
        piece = next(waiting, None)
        if piece is None:
            await asyncio.Event().wait()
        last = piece == pieces[-1] and seconds == 60
        return {"type": "http.request", "body": piece, "more_body": not last}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "headers": list(headers)}
    await BodyLimit(application, seconds)(scope, receive, send)
    return sent[0]["status"], sent[-1]["body"], arrived


def pieces(size: int) -> list[bytes]:
    return [b"x" * 65_536] * (size // 65_536) + [b"y" * (size % 65_536)]


@pytest.mark.parametrize(
    ("path", "headers", "most"),
    [
        ("/sign-in/", (), STRANGER),
        ("/incidents/", (), STRANGER),
        ("/plans/import/", (COOKIE,), PERSON),
        ("/api/v1/plans", (TOKEN,), PERSON),
        ("/incidents/", (COOKIE,), INCIDENT),
    ],
)
async def test_a_body_is_read_up_to_its_bound_and_no_further(
    path: str, headers: tuple[tuple[bytes, bytes], ...], most: int
) -> None:
    status, _, arrived = await send_body(path, *headers, pieces=pieces(most))
    assert (status, arrived) == (200, most)
    status, _, arrived = await send_body(path, *headers, pieces=pieces(40 * most))
    assert status == 413
    assert arrived <= most


async def test_a_length_that_is_too_large_is_refused_before_a_byte_is_read() -> None:
    length = (b"content-length", b"400000000")
    status, body, arrived = await send_body("/api/v1/plans", length, pieces=[b"x"])
    assert (status, arrived) == (413, 0)
    assert json.loads(body)["title"] == "The request is too large"


async def test_a_body_that_never_ends_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "DRAIN_SECONDS", 0.01)
    status, body, _ = await send_body("/sign-in/", pieces=[b"x"], seconds=0.01)
    assert (status, body) == (408, b"The body took too long. Send it again.\n")


async def test_a_head_that_never_ends_is_hung_up_on() -> None:
    class Impatient(HeaderDeadlineProtocol):
        seconds = 0.05

    async def application(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    listening = socket.create_server(("127.0.0.1", 0))
    server = Server(Config(application, http=Impatient, ws="none", lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve([listening]))
    reader, writer = await asyncio.open_connection(*listening.getsockname())
    writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 204")
    writer.write(b"GET / HTTP/1.1\r\nHost: he")
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
    server.should_exit = True
    await serving
    listening.close()
