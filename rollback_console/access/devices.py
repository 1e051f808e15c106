"""Devices that a person signed in with before, known by a signed cookie of long life."""

from __future__ import annotations

import secrets

from django.core import signing

LIFE = 400 * 86400
"""Seconds; browsers keep no cookie for longer."""

_MOST = 8
_SALT = "rollback-console.device"


def read_device(cookie: str, username: str) -> str:
    """The device's own random word when `username` signed in with it before, else ""."""
    device, names = _open(cookie)
    return device if username.casefold() in names else ""


def write_device(cookie: str, username: str) -> str:
    """The cookie's next value: the same device, with `username` among those it knows."""
    device, names = _open(cookie)
    others = [each for each in names if each != username.casefold()]
    value = [device or secrets.token_urlsafe(16), [*others, username.casefold()][-_MOST:]]
    return signing.dumps(value, salt=_SALT)


def _open(cookie: str) -> tuple[str, list[str]]:
    try:
        device, names = signing.loads(cookie, salt=_SALT, max_age=LIFE)
    except (signing.BadSignature, ValueError, TypeError):
        return "", []
    return device, names
