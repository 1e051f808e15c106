"""The tables of the REST API: what was answered already, and, by its label, access.tokens.Token."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from rollback_console.access.tokens import Token

__all__ = ["IdempotentReply", "Token"]  # both tables are labelled `api`, so Django looks here

PERSON = settings.AUTH_USER_MODEL


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
