"""Step-up: acts of weight need proof of who acts that is minutes old, not hours.

    @require_POST
    @admin_only
    @step_up("name a decision maker")
    def name_decision_maker(request, slug): ...

What was typed waits sealed in the session while the person proves who they are, and is then
sent as it was: the act goes on, or its form comes back filled.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.urls import resolve
from django.utils.translation import gettext

from rollback_console.plans.inventory.encrypted_field import cipher

from ..http.current_user import came_from
from ..http.responses import SeeOther, refused
from .freshness import fresh

KEPT = "step_up"
KEPT_FOR = 600
"""Seconds that what was typed waits."""

Where = ParamSpec("Where")
View = Callable[..., HttpResponseBase]


def step_up(what: str, *, looking_too: bool = False) -> Callable[[View], View]:
    """Let `view` begin only for a person who proved who they are minutes ago.

    `what` says, after "to", what they are about to do; it may name the address's parts:
    "approve rollback {number}". A GET passes unless `looking_too`.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def stepped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            passes = request.method in {"GET", "HEAD"} and not looking_too
            if passes or fresh(request):
                return view(request, *args, **kwargs)
            return ask_for_proof(request, gettext(what).format(**kwargs))

        stepped.needs_step_up = True  # type: ignore[attr-defined]
        return stepped

    return decorate


def ask_for_proof(request: HttpRequest, what: str) -> HttpResponse:
    """Keep what was sent, and lead to the page where the person proves who they are."""
    ways = get_adapter(request).get_reauthentication_methods(request.user)
    if not ways:
        raise PermissionDenied(
            "This needs proof of who you are, and your account has neither a password nor a "
            "second factor. Ask an Admin for a password."
        )
    request.session[KEPT] = {
        "what": what,
        "method": request.method,
        "address": request.get_full_path(),
        "back": came_from(request),
        "sealed": cipher().encrypt(request.POST.urlencode().encode()).decode(),
    }
    return SeeOther(f"{ways[0]['url']}?{urlencode({'next': came_from(request)})}")


def read_waiting_post(request: HttpRequest) -> dict[str, str]:
    """What waits for proof: `what`, and `back`, the page it was sent from; {} for nothing."""
    kept: dict[str, str] = request.session.get(KEPT, {})
    return kept


def go_on(request: HttpRequest) -> HttpResponseBase | None:
    """Do what waited, once; None when nothing did. Only for a request whose person is fresh."""
    kept = request.session.pop(KEPT, None)
    if kept is None or not fresh(request):
        return None
    if kept["method"] != "POST":
        return SeeOther(kept["address"])
    try:
        typed = cipher().decrypt(kept["sealed"].encode(), ttl=KEPT_FOR)
    except InvalidToken:
        return refused(request, "Your confirmation has expired: submit it again.", kept["back"])
    return _again(request, kept["address"], typed.decode())


def _again(request: HttpRequest, address: str, typed: str) -> HttpResponseBase:
    path, _, query = address.partition("?")
    below = path.removeprefix(settings.SUB_PATH)
    match = resolve(below)
    request.method, request.path, request.path_info = "POST", path, below
    request.GET, request.POST = QueryDict(query), QueryDict(typed)
    request.resolver_match = match
    answer: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    return answer
