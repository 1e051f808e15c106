"""Addresses of the sockets and the guard in front of them."""

from __future__ import annotations

from channels.auth import AuthMiddlewareStack
from channels.security.websocket import OriginValidator
from django.conf import settings
from django.urls import path

from .consumer import RollbackConsumer

sockets = [path("ws/rollbacks/<int:number>/", RollbackConsumer.as_asgi())]


def guarded(application: object) -> OriginValidator:
    """Sessions from the pages' cookies, and only from the console's own origins."""
    return OriginValidator(AuthMiddlewareStack(application), settings.CSRF_TRUSTED_ORIGINS)
