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
    return _limited(view, "costly", "COSTLY_PER_MINUTE")


def preview(view: View) -> View:
    """The same for a form that a page sends again and again while it is filled in."""
    return _limited(view, "preview", "PREVIEWS_PER_MINUTE")


def _limited(view: View, kind: str, setting: str) -> View:
    @wraps(view)
    def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        most: int = getattr(settings, setting)
        who = f"{kind}:{request.user.pk}"
        if request.method != "POST" or not (wait := limits.spend(who, most=most, seconds=60)):
            return view(request, *args, **kwargs)
        page = {"wait": wait, "most": most}
        answer = render(request, "429.html", page, status=429)
        answer["Retry-After"] = str(wait)
        return answer

    return counted
