"""The table of versions that must not be deployed again."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from rollback_console.plans.models import Service

PERSON = settings.AUTH_USER_MODEL


class Pin(models.Model):
    """A version that must not be deployed again."""

    service = models.ForeignKey(Service, models.PROTECT, related_name="pins")
    version = models.CharField(max_length=200)
    reason = models.TextField()
    rollback = models.ForeignKey(
        "rollbacks.Rollback", models.PROTECT, null=True, related_name="pins"
    )
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    lifted_because = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.service} {self.version}"
