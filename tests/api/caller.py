"""Calls the API with tokens of the cast."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.test import Client

from rollback_console.access import tokens
from tests import make
from tests.make import Cast

if TYPE_CHECKING:
    # A response of Django's test client, which adds `json()` among others.
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

EVERYTHING = tuple(tokens.SCOPES)
PREFIX = "/api/v1"


@dataclass
class Caller:
    """`get` and `post` as `who`; a token with every scope, or just those in `scopes`."""

    cast: Cast
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))
    made: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)

    def token(self, who: str, scopes: tuple[str, ...] = EVERYTHING) -> str:
        if (who, scopes) not in self.made:
            _, secret = make.token(
                getattr(self.cast, who), name=f"test {len(self.made)}", scopes=scopes, days=1
            )
            self.made[who, scopes] = secret
        return self.made[who, scopes]

    def get(self, path: str, who: str = "vic", **query: Any) -> Response:
        return self.client.get(PREFIX + path, query, headers=self.headers(who))

    def post(self, path: str, body: Any = None, who: str = "dana", **headers: str) -> Response:
        data = body if isinstance(body, bytes | str) else json.dumps(body or {})
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(
            PREFIX + path,
            data,
            content_type="application/json",
            headers={**self.headers(who), **more},
        )

    def headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(who)}"}


def problem(response: Response, status: int, kind: str) -> dict[str, Any]:
    """The problem that `response` must be."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(response.content)
    assert body["type"] == f"http://testserver/api/v1/problems/{kind}"
    assert body["status"] == status
    assert body["title"] and body["detail"]
    assert "Traceback" not in response.content.decode()
    return body
