"""Names the rollback and the run that a request is about in each line logged meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bind_contextvars


class NamingMiddleware:
    """Stands behind the one of django-structlog, which forgets all of it after the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._next(request)

    def process_view(
        self, request: HttpRequest, _view: Any, _words: Any, named: dict[str, Any]
    ) -> None:
        """Pages and the API call the same things by the same names in their addresses."""
        route = request.resolver_match.route if request.resolver_match else ""
        if "rollbacks/<int:number>" in route:
            bind_contextvars(rollback=named["number"])
        if "step-runs/<" in route and "token" in named:
            bind_contextvars(run=str(named["token"]))
