"""What a view answers after a POST: a sentence, and where to go (RFC 9110, 303)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import resolve_url


class SeeOther(HttpResponseRedirect):
    """303: fetch the other page with GET, whatever was sent here."""

    status_code = 303


def done(request: HttpRequest, sentence: str, to: Any, **place: Any) -> SeeOther:
    """It happened: say so on the next page, where a sentence is given."""
    if sentence:
        messages.success(request, sentence)
    return SeeOther(resolve_url(to, **place))


def refused(request: HttpRequest, error: Exception | str, to: Any, **place: Any) -> SeeOther:
    """It did not happen: say why on the next page."""
    messages.error(request, str(error))
    return SeeOther(resolve_url(to, **place))
