"""The cookie by which a device is known that somebody signed in with before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from rollback_console.access import devices
from rollback_console.access.actions.sessions import ADDRESS, AGENT
from rollback_console.access.attempts import Attempt, remember_address

from .client_address import address_of


class DeviceMiddleware:
    """Sends the cookie with the answer to a request in which somebody signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._next(request)
        if (value := getattr(request, "device_cookie", None)) is not None:
            response.set_cookie(
                settings.DEVICE_COOKIE_NAME,
                value,
                max_age=devices.LIFE,
                path=settings.SESSION_COOKIE_PATH,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


def remember_device(request: HttpRequest, user: Any) -> None:
    """Somebody signed in: their next sign-in from here is not held up by the guesses of others."""
    request.device_cookie = devices.write_device(  # type: ignore[attr-defined]
        _cookie(request), user.get_username()
    )
    address = address_of(request)
    request.session[ADDRESS] = address or ""
    request.session[AGENT] = request.headers.get("User-Agent", "")[:200]
    if address:
        remember_address(user.pk, address)


def attempt_of(request: HttpRequest, username: str) -> Attempt:
    """What a proof for `username` in this request is counted for."""
    device = devices.read_device(_cookie(request), username)
    if not device and request.user.is_authenticated and request.user.get_username() == username:
        # Whoever is signed in is no stranger to this account, on whatever device.
        device = f"session {request.session.session_key}"
    return Attempt(username, address_of(request) or "", device)


def _cookie(request: HttpRequest) -> str:
    return request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
