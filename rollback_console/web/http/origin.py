"""Says by which door a request came, and from which address, for the record of what it changes."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from rollback_console.audit.origin import PAGE, acting_from

from ..authentication.client_address import address_of


class OriginMiddleware:
    """Pages and the API alike; the API names its token once it knows it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with acting_from(PAGE, address_of(request) or ""):
            return self._next(request)
