"""The REST client of a console, as a program without a browser uses it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

PIECE = 64 * 1024
PATIENCE = 20.0
_NEAR = frozenset({"localhost", "127.0.0.1", "::1"})


class ApiProblem(Exception):
    """What went wrong, as a sentence that says what to do."""


class OutOfReach(ApiProblem):
    """The console did not answer; the same may work later."""


def read_token(file: Path) -> str:
    """The one token in a file. Raises ApiProblem."""
    try:
        token = file.read_text("ascii").strip()
    except (OSError, ValueError) as error:
        raise ApiProblem(f"The token cannot be read from {file}: {error}") from error
    if not token or len(token.split()) > 1:
        raise ApiProblem(f"{file} must hold one API token and nothing else.")
    return token


class Client:
    """Calls `server` with a bearer `token`. Every call raises ApiProblem, or OutOfReach.

    Redirects are not followed: the token goes nowhere else.
    """

    def __init__(self, server: str, token: str) -> None:
        self._root = f"{_checked(server)}/api/v1"
        self._token = token
        self._opener = urllib.request.build_opener(_Stay)

    def get(self, path: str, **query: object) -> dict[str, Any]:
        """What stands at `path`, such as /rollbacks/7."""
        return self._json(self._request(path, query))

    def post(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Do it once: a repetition by the network is recognised by its key."""
        request = self._request(path, {}, json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        request.add_header("Idempotency-Key", str(uuid.uuid4()))
        return self._json(request)

    def pieces(self, path: str, **query: object) -> Iterator[bytes]:
        """Raw bytes as they come."""
        try:
            with self._open(self._request(path, query)) as answer:
                while piece := answer.read(PIECE):
                    yield piece
        except (OSError, HTTPException) as error:
            raise _silent(error) from error

    def _request(
        self, path: str, query: Mapping[str, object], data: bytes | None = None
    ) -> urllib.request.Request:
        address = f"{self._root}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Authorization": f"Bearer {self._token}"}
        return urllib.request.Request(address, data, headers)  # noqa: S310  http(s) by _checked

    def _json(self, request: urllib.request.Request) -> dict[str, Any]:
        try:
            with self._open(request) as answer:
                return cast("dict[str, Any]", json.load(answer))
        except ValueError as error:
            raise ApiProblem("What answers at --server is no Rollback Console.") from error
        except (OSError, HTTPException) as error:
            raise _silent(error) from error

    def _open(self, request: urllib.request.Request) -> HTTPResponse:
        try:
            return cast("HTTPResponse", self._opener.open(request, timeout=PATIENCE))
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(error.code, error.read(PIECE)) from error


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def _checked(server: str) -> str:
    try:
        parts = urlsplit(server)
        named = parts.hostname and parts.scheme in {"http", "https"}
    except ValueError:
        named = None
    if not named:
        raise ApiProblem("Give --server as an address, such as https://console.example.org.")
    if parts.scheme == "http" and parts.hostname not in _NEAR:
        raise ApiProblem("Use https: over plain http anybody on the way could read the token.")
    return server.rstrip("/")


def _silent(error: Exception) -> OutOfReach:
    why = getattr(error, "reason", None) or error
    return OutOfReach(f"The console does not answer: {why}")


def _refused(status: int, body: bytes) -> ApiProblem:
    detail = _problem(body)
    if status >= 500:
        return OutOfReach(f"The console cannot answer now ({status}). {detail}".strip())
    if status == 401:
        return ApiProblem(f"The token is not accepted. {detail}".strip())
    if status < 400 or not detail:
        return ApiProblem(f"What answers at --server is no Rollback Console (it said {status}).")
    return ApiProblem(detail)


def _problem(body: bytes) -> str:
    """`detail` of a problem document (RFC 9457), and what changed where it says so."""
    try:
        problem = json.loads(body)
        detail = str(problem["detail"])
        changes = [str(each["path"]) for each in problem.get("changes", []) if each["path"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    return f"{detail} Changed: {', '.join(changes)}." if changes else detail
