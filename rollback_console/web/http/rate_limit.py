"""Posts that cost: work on hosts, long documents, messages to many."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from rollback_console.access import limits

View = Callable[..., HttpResponseBase]


def costly(view: View) -> View:
    """Let a person post to `view` and others like it so many times in a minute; then 429."""

    @wraps(view)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST" or not (wait := _spend(request)):
            return view(request, *args, **kwargs)
        page = {"wait": wait, "most": settings.COSTLY_PER_MINUTE}
        answer = render(request, "429.html", page, status=429)
        answer["Retry-After"] = str(wait)
        return answer

    return counted


def _spend(request: HttpRequest) -> int:
    who = f"costly:{request.user.pk}"
    return limits.spend(who, most=settings.COSTLY_PER_MINUTE, seconds=60)
