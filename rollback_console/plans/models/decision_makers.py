"""The tables of who may approve rollbacks in an environment."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from .inventory import Environment


class DecisionMaker(models.Model):
    """Someone who may approve rollbacks in an environment; rung 1 is asked first.

    `granted_at` is when they were given this role: it counts for requests made since.
    """

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="decision_makers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="decides")
    role = models.CharField(max_length=60, default="Deploy Lead")
    rung = models.PositiveSmallIntegerField(default=1)
    granted_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["environment", "rung", "role"]
        constraints = [models.UniqueConstraint(fields=["environment", "user"], name="decides_once")]

    def __str__(self) -> str:
        return f"{self.user} as {self.role}"


class Delegation(models.Model):
    """A decision maker's right for one environment, lent to `to` until `ends_at`.

    It counts while its giver decides there themselves and nobody revoked it; it cannot be lent
    on. Rows are kept: they say by whose right an approval was given.
    """

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="delegations")
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="lent")
    to = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="borrowed")
    reason = models.CharField(max_length=200, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.giver}’s right in {self.environment}, lent to {self.to}"
