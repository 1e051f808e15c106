"""Addresses of the sockets and the guard in front of them."""

from __future__ import annotations

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.security.websocket import OriginValidator
from django.conf import settings
from django.urls import path

from .consumer import RollbackConsumer

# Django's `path` is typed for pages; channels routes sockets by it all the same.
_socket: Any = RollbackConsumer.as_asgi()
sockets = [path("ws/rollbacks/<int:number>/", _socket)]


def guarded(application: Any) -> OriginValidator:
    """Sessions from the pages' cookies, and only from the console's own origins."""
    return OriginValidator(AuthMiddlewareStack(application), settings.CSRF_TRUSTED_ORIGINS)
