"""Addresses of the sockets and the guard in front of them."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

from channels.auth import AuthMiddlewareStack
from channels.security.websocket import OriginValidator, WebsocketDenier
from django.conf import settings
from django.urls import path

from .consumer import RollbackConsumer

log = logging.getLogger(__name__)

# Django's `path` is typed for pages; channels routes sockets by it all the same.
_socket: Any = RollbackConsumer.as_asgi()
sockets = [path("ws/rollbacks/<int:number>/", _socket)]


class OwnOrigins(OriginValidator):
    """Refuses what is no origin at all, such as one with a port that is no number."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        named = [value.decode("latin1") for name, value in scope["headers"] if name == b"origin"]
        application = super().__call__ if all(map(_is_origin, named)) else WebsocketDenier()
        await application(scope, receive, send)

    def valid_origin(self, parsed_origin: Any) -> bool:
        """Whether sockets may come from there; a refusal is logged, since pages then only poll."""
        valid: bool = super().valid_origin(parsed_origin)
        if not valid:
            shown = parsed_origin.geturl()[:200] if parsed_origin else "none"
            log.warning(
                "A socket was refused: its origin %r is not in CSRF_TRUSTED_ORIGINS, which are %s.",
                shown,
                ", ".join(map(str, self.allowed_origins)),
            )
        return valid


def _is_origin(text: str) -> bool:
    try:
        urlsplit(text).port  # noqa: B018  what is no number is found out here
    except ValueError:
        return False
    return True


def guarded(application: Any) -> OriginValidator:
    """Sessions from the pages' cookies, and only from the console's own origins."""
    return OwnOrigins(AuthMiddlewareStack(application), settings.CSRF_TRUSTED_ORIGINS)
