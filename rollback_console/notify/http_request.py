"""One request under the network policy: no redirects, no proxy, never longer than its limit.

The address that was judged is the one that is connected to, so a name that changes in between
gains nothing. Unlike messages it needs no process of its own: nobody else's code runs here.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from . import network_policy
from .message import Rules

MOST = 1_000_000
"""Bytes of an answer that are read."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """`seconds` from the connection's beginning to the answer's end."""

    status: int
    body: bytes
    seconds: float


class NoAnswer(Exception):
    """`str()` says why there is none. `refused`: the host is there and takes no connection.
    `connected`: the request may have arrived. `waited` are the seconds since then."""

    def __init__(
        self,
        sentence: str,
        *,
        refused: bool = False,
        connected: bool = False,
        waited: float = 0.0,
    ) -> None:
        super().__init__(sentence)
        self.refused, self.connected, self.waited = refused, connected, waited


def problem_with_address(url: str, rules: Rules) -> str:
    """Why a URL is not fetched, as far as it tells by itself; "" when nothing speaks against it."""
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        return "This is not a URL."
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "Give an address that begins with https:// or http://."
    if parts.username is not None:
        return "Leave name and password out of the address."
    if not url.isascii() or any(each.isspace() or not each.isprintable() for each in url):
        return "An address holds no spaces, and other letters as %XX."
    return network_policy.host_refusal(
        parts.hostname, rules.allowed, inside_only=parts.scheme == "http"
    )


def fetch(
    url: str, rules: Rules, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> HttpAnswer:
    """What the other side answers, whatever its status; a `body` is posted. Raises NoAnswer."""
    if why := problem_with_address(url, rules):
        raise NoAnswer(why)
    parts, began = urlsplit(url.strip()), time.monotonic()
    deadline = _Deadline(began + rules.seconds)
    connected = _connect(parts, rules, deadline)
    since = time.monotonic()
    try:
        request = _Request("GET" if body is None else "POST", body, headers or {})
        return _exchange(parts, request, connected, deadline, began)
    except TimeoutError as error:
        waited = time.monotonic() - since
        sentence = f"No answer within {rules.seconds:g} seconds."
        raise NoAnswer(sentence, connected=True, waited=waited) from error
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(
            f"The connection broke off: {error or type(error).__name__}.",
            refused=True,
            connected=True,
        ) from error
    finally:
        connected.close()


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    body: bytes | None
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Deadline:
    at: float

    def arm(self, connection: socket.socket) -> None:
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)


def _exchange(
    parts: SplitResult,
    request: _Request,
    connected: socket.socket,
    deadline: _Deadline,
    began: float,
) -> HttpAnswer:
    connection = http.client.HTTPConnection(parts.netloc.rpartition("@")[2])
    # Of a socket, http.client uses no more than this.
    connection.sock = _TimedSocket(connected, deadline)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"User-Agent": "rollback-console", "Accept": "*/*", "Connection": "close"}
    connection.request(request.method, path, request.body, {**headers, **request.headers})
    answer = connection.getresponse()
    return HttpAnswer(answer.status, answer.read(MOST), time.monotonic() - began)


def _connect(parts: SplitResult, rules: Rules, deadline: _Deadline) -> socket.socket:
    host, secure = parts.hostname or "", parts.scheme == "https"
    plain = _open(host, parts.port or (443 if secure else 80), rules, deadline, secure=secure)
    if not secure:
        return plain
    try:
        deadline.arm(plain)
        context = ssl.create_default_context(cafile=rules.ca_file or None)
        return context.wrap_socket(plain, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        plain.close()
        raise NoAnswer(f"The certificate is not trusted: {error.verify_message}.") from error
    except OSError as error:
        plain.close()
        raise NoAnswer(f"No encrypted connection: {error or type(error).__name__}.") from error


def _open(
    host: str, port: int, rules: Rules, deadline: _Deadline, *, secure: bool
) -> socket.socket:
    """Connected to the first address that takes it; each is judged, and none is resolved again."""
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NoAnswer(f"Nobody knows the name {host}.") from error
    for _, _, _, _, place in entries:
        if why := network_policy.refusal(str(place[0]), rules.allowed, inside_only=not secure):
            raise NoAnswer(why)
    return _first(entries, deadline)


def _first(entries: list[Any], deadline: _Deadline) -> socket.socket:
    refused = False
    for family, kind, protocol, _, place in entries:
        connection = socket.socket(family, kind, protocol)
        try:
            deadline.arm(connection)
            connection.connect(place)
        except OSError as error:
            connection.close()
            refused = refused or isinstance(error, ConnectionRefusedError)
        else:
            return connection
    if refused:
        raise NoAnswer("The connection is refused: nothing listens there.", refused=True)
    raise NoAnswer("The host does not answer.")


class _TimedSocket:
    """A socket whose every read and write ends at one deadline, however little comes at a time."""

    def __init__(self, connection: socket.socket, deadline: _Deadline) -> None:
        self._connection, self._deadline = connection, deadline

    def sendall(self, data: bytes) -> None:
        self._deadline.arm(self._connection)
        self._connection.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._connection, self._deadline))

    def close(self) -> None:
        """Whoever connected closes it."""


class _TimedReader(io.RawIOBase):
    def __init__(self, connection: socket.socket, deadline: _Deadline) -> None:
        self._connection, self._deadline = connection, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._deadline.arm(self._connection)
        return self._connection.recv_into(buffer)
