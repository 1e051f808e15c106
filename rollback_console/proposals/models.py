"""The tables of what monitoring proposes."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from rollback_console.plans.inventory.encrypted_field import EncryptedTextField
from rollback_console.plans.models import Environment, Plan
from rollback_console.rollbacks.models import Rollback

PERSON = settings.AUTH_USER_MODEL


class Integration(models.Model):
    """A program that may propose rollbacks in one environment, or tells of deployments to it.

    `key` is its word in the address, no secret. `secret` opens the address, as a bearer token
    or by signing. `minute` and `taken` count what was taken in the current minute.
    """

    KINDS = [
        ("alertmanager", "Alertmanager"),
        ("grafana", "Grafana"),
        ("generic", "Generic JSON"),
        ("github", "GitHub deployments"),
        ("gitlab", "GitLab deployments"),
        ("deployments", "Deployments as JSON"),
    ]

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=20, choices=KINDS)
    environment = models.ForeignKey(Environment, models.CASCADE, related_name="integrations")
    plan = models.ForeignKey(Plan, models.SET_NULL, null=True, blank=True, related_name="+")
    secret = EncryptedTextField()
    made_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    secret_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    minute = models.DateTimeField(null=True)
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Proposal(models.Model):
    """One alert that suggests a rollback. Nothing runs, and nothing waits for approval, by it.

    `fingerprint` names the alert and `episode` the time since when it fires; together they are
    one proposal, however often they are sent. A person makes a request of it or dismisses it; one
    of the watch (without integration) closes as `recovered` when the values do before that.
    """

    STATES = [
        ("open", "open"),
        ("requested", "requested"),
        ("dismissed", "dismissed"),
        ("recovered", "recovered"),
    ]

    integration = models.ForeignKey(Integration, models.SET_NULL, null=True, related_name="made")
    source = models.CharField(max_length=100)
    environment = models.ForeignKey(Environment, models.CASCADE, related_name="proposals")
    plan = models.ForeignKey(Plan, models.SET_NULL, null=True, related_name="proposals")
    fingerprint = models.CharField(max_length=64)
    episode = models.CharField(max_length=64)
    title = models.CharField(max_length=200)
    trigger = models.CharField(max_length=300)
    detail = models.TextField(blank=True)
    link = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=STATES, default="open")
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    times_seen = models.PositiveIntegerField(default=1)
    resolved_at = models.DateTimeField(null=True)
    rollback = models.OneToOneField(Rollback, models.SET_NULL, null=True, related_name="proposal")
    decided_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "fingerprint", "episode"], name="one_proposal_per_episode"
            )
        ]
        indexes = [models.Index(fields=["state", "-id"], name="proposal_by_state")]

    def __str__(self) -> str:
        return self.title
