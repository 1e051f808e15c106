"""Tokens: the table, the scopes, and finding the one that a secret belongs to."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from rollback_console.rollbacks import db_clock

from .errors import BadToken
from .scope_limits import ScopeLimit

SCOPES = ("read", "plans", "request", "operate", "approve", "admin", "break_glass")
LONGEST_DAYS = 366

_FRESH = timedelta(minutes=1)


class Token(models.Model):
    """Lets a program act as its user, within `scopes`; the secret itself is never stored.

    `environments` and `services` are slugs of those that it can reach; none is all.
    `sha256` is the hexadecimal hash of the secret, which is 256 random bits: no salt needed.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    environments = models.JSONField(null=True)
    services = models.JSONField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        # Its table was made there, and stays.
        app_label = "api"
        ordering = ["user", "name"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="one_token_per_name")]

    def __str__(self) -> str:
        return f"{self.user}’s token {self.name}"

    @property
    def limit(self) -> ScopeLimit:
        """Where it holds."""
        return ScopeLimit.of(self.environments or (), self.services or ())


def find_token(secret: str) -> Token:
    """The token with that secret, if it still counts. Raises BadToken."""
    token = Token.objects.select_related("user").filter(sha256=hash_secret(secret)).first()
    if token is None:
        raise BadToken("This token is unknown. Create one under Tokens.")
    if token.revoked_at is not None:
        raise BadToken("This token was revoked. Create a new one under Tokens.")
    now = db_clock.now()
    if token.expires_at <= now:
        raise BadToken("This token has expired. Create a new one under Tokens.")
    if not token.user.is_active:
        raise BadToken("The account this token acts for is no longer active.")
    _note_use(token, now)
    return token


def hash_secret(secret: str) -> str:
    """What is stored of a secret: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _note_use(token: Token, now: datetime) -> None:
    # Once a minute is enough for a person to read, and spares a write on every request.
    if token.last_used_at is None or token.last_used_at < now - _FRESH:
        Token.objects.filter(pk=token.pk).update(last_used_at=Now())
