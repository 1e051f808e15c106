"""Addresses of the sockets and the guard in front of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from channels.auth import AuthMiddlewareStack
from channels.security.websocket import OriginValidator, WebsocketDenier
from django.conf import settings
from django.urls import path

from .consumer import RollbackConsumer

# Django's `path` is typed for pages; channels routes sockets by it all the same.
_socket: Any = RollbackConsumer.as_asgi()
sockets = [path("ws/rollbacks/<int:number>/", _socket)]


class OwnOrigins(OriginValidator):
    """Refuses what is no origin at all, such as one with a port that is no number."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        named = [value.decode("latin1") for name, value in scope["headers"] if name == b"origin"]
        application = super().__call__ if all(map(_is_origin, named)) else WebsocketDenier()
        await application(scope, receive, send)


def _is_origin(text: str) -> bool:
    try:
        urlsplit(text).port  # noqa: B018  what is no number is found out here
    except ValueError:
        return False
    return True


def guarded(application: Any) -> OriginValidator:
    """Sessions from the pages' cookies, and only from the console's own origins."""
    return OwnOrigins(AuthMiddlewareStack(application), settings.CSRF_TRUSTED_ORIGINS)
