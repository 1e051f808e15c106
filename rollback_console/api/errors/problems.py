"""Every error of the door as a problem document (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse

MEDIA_TYPE = "application/problem+json"

KINDS: dict[str, tuple[int, str]] = {
    "malformed": (400, "The request cannot be read"),
    "unauthenticated": (401, "A valid token is needed"),
    "forbidden": (403, "You may not do this"),
    "not-found": (404, "There is nothing here"),
    "method-not-allowed": (405, "This address does not take that method"),
    "refused": (409, "This cannot be done now"),
    "changed": (409, "What would run has changed"),
    "in-progress": (409, "The same request is being carried out"),
    "too-large": (413, "The request is too large"),
    "invalid": (422, "Something in the request does not fit"),
    "not-ready": (422, "Something is missing before this could run"),
    "not-confirmed": (422, "Nobody has confirmed the steps of this plan yet"),
    "unreadable-plan": (422, "The plan document cannot be read"),
    "key-reused": (422, "The Idempotency-Key belongs to another request"),
    "too-many": (429, "Too much in too short a time"),
    "internal": (500, "Something went wrong in the console"),
    "unavailable": (503, "The console cannot work at the moment"),
}
"""Status and title by the last part of the problem's `type`."""


class Problem(Exception):
    """Raised by routes; `kind` is one of KINDS, `detail` a sentence for whoever asked."""

    def __init__(
        self, kind: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.more, self.headers = kind, detail, more, headers or {}


def respond(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The problem as a response."""
    status, title = KINDS[problem.kind]
    body = {
        "type": f"{settings.BASE_URL}/api/v1/problems/{problem.kind}",
        "title": title,
        "status": status,
        "detail": problem.detail,
        "instance": request.path,
        **problem.more,
    }
    return HttpResponse(
        json.dumps(body, cls=DjangoJSONEncoder),
        status=status,
        content_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **problem.headers},
    )
