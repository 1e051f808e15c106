"""Making, finding and revoking tokens; every moment is the database's."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from rollback_console.rollbacks import db_clock

from .token import Token

SCOPES = ("read", "request", "approve", "admin", "break_glass")
LONGEST_DAYS = 366

_PREFIX = "rbc_"
_FRESH = timedelta(minutes=1)


class BadToken(Exception):
    """`str()` is a sentence that says why a token cannot be made or does not open the door."""


def create(user: User, *, name: str, scopes: Sequence[str], days: int) -> tuple[Token, str]:
    """A new token and its secret, which cannot be shown again. Raises BadToken."""
    wanted = list(dict.fromkeys(scopes))
    _check(name, wanted, days)
    secret = _PREFIX + secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            token = Token.objects.create(
                user=user,
                name=name.strip(),
                sha256=_hash(secret),
                scopes=wanted,
                created_at=Now(),
                expires_at=db_clock.later(timedelta(days=days)),
            )
    except IntegrityError as error:
        raise BadToken(
            f"{user} has had a token named {name.strip()} already: choose another name, so that "
            "the record stays clear."
        ) from error
    token.refresh_from_db()
    return token, secret


def find(secret: str) -> Token:
    """The token with that secret, if it still counts. Raises BadToken."""
    token = Token.objects.select_related("user").filter(sha256=_hash(secret)).first()
    if token is None:
        raise BadToken("Nobody here knows this token. Make one on the page of your tokens.")
    if token.revoked_at is not None:
        raise BadToken("This token was revoked. Make a new one on the page of your tokens.")
    now = db_clock.now()
    if token.expires_at <= now:
        raise BadToken("This token has expired. Make a new one on the page of your tokens.")
    if not token.user.is_active:
        raise BadToken("The account this token acts for is no longer active.")
    _seen(token, now)
    return token


def revoke(token: Token) -> Token:
    """The token opens nothing from now on. Raises BadToken when it did not anyway."""
    if not Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=Now()):
        raise BadToken(f"{token} was revoked already.")
    token.refresh_from_db()
    return token


def _check(name: str, scopes: Sequence[str], days: int) -> None:
    if not 1 <= len(name.strip()) <= 100:
        raise BadToken("Name the token after the program that will use it, in 100 characters.")
    if not scopes or set(scopes) - set(SCOPES):
        raise BadToken(f"Scopes are one or more of: {', '.join(SCOPES)}.")
    if not 1 <= days <= LONGEST_DAYS:
        raise BadToken(f"A token lives between 1 and {LONGEST_DAYS} days.")


def _seen(token: Token, now: datetime) -> None:
    # Once a minute is enough for a person to read, and spares a write on every request.
    if token.last_used_at is None or token.last_used_at < now - _FRESH:
        Token.objects.filter(pk=token.pk).update(last_used_at=Now())


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
