"""A bound for bodies before anybody is known: Django would write all of one to disk first.

Layer: the top: asgi.py puts it in front of the pages and the API.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]

KIB = 1024
STRANGER = 64 * KIB
INTEGRATION = 257 * KIB
PERSON = 1100 * KIB
INCIDENT = 9 * KIB * KIB
"""Bytes: a sign-in; an alert of monitoring; a plan and its form; another console's incident."""

DRAIN, DRAIN_SECONDS = 16 * KIB * KIB, 5.0

SECONDS = 60.0
"""How long a body may take to arrive."""


class _Refused(Exception):
    """`status` is what whoever sends is answered."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class BodyLimit:
    """Answers 413 to a body that is too large and 408 to one that never ends."""

    def __init__(self, application: Application, seconds: float = SECONDS) -> None:
        self._next, self._seconds = application, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._next(scope, receive, send)
            return
        bounded = _Bounded(scope, receive, self._seconds)
        try:
            bounded.check_length()
            await self._next(scope, bounded.receive, send)
        except _Refused as error:
            await _drain(receive)
            await _answer(scope, send, error)


class _Bounded:
    """The body of one request as it comes in."""

    def __init__(self, scope: Scope, receive: Receive, seconds: float) -> None:
        self._receive, self._most = receive, limit_of(scope)
        self._ends = asyncio.get_running_loop().time() + seconds
        self._taken, self._done = 0, False
        self._length = _header(scope, b"content-length")

    def check_length(self) -> None:
        """Refuse before a byte is read what says itself that it is too large."""
        if self._length.isdigit() and int(self._length) > self._most:
            raise self._too_large()

    async def receive(self) -> Message:
        if self._done:  # what comes now is that the client left
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._ends):
                message = await self._receive()
        except TimeoutError as error:
            raise _Refused(408, "The body took too long. Send it again.") from error
        self._count(len(message.get("body", b"")))
        self._done = not message.get("more_body", False)
        return message

    def _count(self, size: int) -> None:
        self._taken += size
        if self._taken > self._most:
            raise self._too_large()

    def _too_large(self) -> _Refused:
        return _Refused(413, f"A body holds at most {self._most // KIB} KiB here.")


def limit_of(scope: Scope) -> int:
    """Bytes that this request may send: little for whoever shows no session and no token."""
    path = path_of(scope)
    if path.startswith("/api/v1/hooks/"):
        return INTEGRATION
    if not (_header(scope, b"authorization") or _has_session(scope)):
        return STRANGER
    return INCIDENT if path in {"/incidents/", "/api/v1/incidents"} else PERSON


def path_of(scope: Scope) -> str:
    """The path below the console's own root."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


def _has_session(scope: Scope) -> bool:
    return f"{settings.SESSION_COOKIE_NAME}=".encode() in _header(scope, b"cookie")


def _header(scope: Scope, name: bytes) -> bytes:
    values = [value for each, value in scope.get("headers", ()) if each == name]
    return b"; ".join(values)


async def _drain(receive: Receive) -> None:
    """Read on for a while and keep nothing: a proxy that still sends would miss the answer."""
    taken = 0
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while taken < DRAIN:
                message = await receive()
                taken += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


async def _answer(scope: Scope, send: Send, error: _Refused) -> None:
    kind, body = b"text/plain; charset=utf-8", f"{error}\n".encode()
    if path_of(scope).startswith("/api/"):
        kind, body = b"application/problem+json", _problem(scope, error)
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    # What is still on its way is not read: the connection is of no more use.
    headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _problem(scope: Scope, error: _Refused) -> bytes:
    name, title = {
        413: ("too-large", "The request is too large"),
        408: ("malformed", "The request cannot be read"),
    }[error.status]
    return json.dumps({
        "type": f"{settings.BASE_URL}/api/v1/problems/{name}",
        "title": title,
        "status": error.status,
        "detail": str(error),
        "instance": scope["path"],
    }).encode()  # fmt: skip
