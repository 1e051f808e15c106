"""The tables of the REST door: who may come in, and what was answered already."""

from __future__ import annotations

from django.conf import settings
from django.db import models

PERSON = settings.AUTH_USER_MODEL


class Token(models.Model):
    """Lets a program act as its user, within `scopes`; the secret itself is never stored.

    `sha256` is the hexadecimal hash of the secret, which is 256 random bits: no salt needed.
    """

    user = models.ForeignKey(PERSON, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["user", "name"]
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="one_token_per_name")]

    def __str__(self) -> str:
        return f"{self.user}’s token {self.name}"


class IdempotentReply(models.Model):
    """What a POST with an Idempotency-Key was answered, so that its repetition does nothing.

    `status` is null while the first one is at work under `claim`. Kept for 24 hours.
    """

    user = models.ForeignKey(PERSON, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    path = models.CharField(max_length=300)
    body_sha256 = models.CharField(max_length=64)
    claim = models.UUIDField()
    claimed_at = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key", "path"], name="one_reply_per_key")
        ]

    def __str__(self) -> str:
        return f"{self.path} {self.key}"
