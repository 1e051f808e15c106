"""Removing asks once more: first a page that says what depends on it, then the act."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, ngettext

MOST_NAMED = 10


def is_sure(request: HttpRequest) -> bool:
    """Whether the person has seen what depends on it."""
    return request.POST.get("sure") == "yes"


def ask_once_more(
    request: HttpRequest,
    *,
    what: str,
    button: str,
    depends: Iterable[str],
    back: str,
    form: forms.Form | None = None,
) -> HttpResponse:
    """A page that names what depends on `what`, and sends the same again once a person is sure.

    `form` is asked for with it. Nothing is done yet.
    """
    page = {
        "what": what,
        "button": button,
        "depends": [sentence for sentence in depends if sentence],
        "back": back,
        "form": form,
        "address": request.get_full_path(),
    }
    return render(request, "removal.html", page)


def count_sentence(names: Sequence[str], one: str, many: str) -> str:
    """ "3 hosts sign in with it: a, b, c." of `one` "host signs in with it", or "" for none."""
    if not names:
        return ""
    more = len(names) - MOST_NAMED
    shown = ", ".join(names[:MOST_NAMED])
    if more > 0:
        shown += " " + gettext("and {} more").format(more)
    return f"{len(names)} {ngettext(one, many, len(names))}: {shown}."
