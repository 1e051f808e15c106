"""Second factors as people have them."""

from __future__ import annotations

import time

from allauth.mfa.totp.internal import auth
from django.contrib.auth.models import User


def add_app(user: User) -> str:
    """An authenticator app of that person; its seed."""
    seed: str = auth.generate_totp_secret()
    auth.TOTP.activate(user, seed)
    return seed


def code_of(seed: str, steps: int = 0) -> str:
    """What the app shows now, or some steps of 30 seconds later."""
    return str(auth.format_hotp_value(auth.hotp_value(seed, int(time.time()) // 30 + steps)))
