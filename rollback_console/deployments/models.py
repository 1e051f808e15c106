"""The tables of deployments and of the windows in which there must be none."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from rollback_console.plans.models import Environment, Plan, Service
from rollback_console.rollbacks.models import Rollback

PERSON = settings.AUTH_USER_MODEL


class Deployment(models.Model):
    """One version that a pipeline, or a person, put into one environment.

    `previous_version` ran there before, "" when the console cannot know. `committed_at` is when
    its newest commit was made, None where nobody says. `facts` are the fields
    of plans.snapshot.deployment_facts.DeploymentFacts. `deployed_by` is who did it, as the
    pipeline says; `external_id` is how a sender of webhooks names it. `decision` answers "is a
    rollback needed?", "" until somebody decides.
    """

    STATES = [("running", "under way"), ("succeeded", "deployed"), ("failed", "failed")]
    DECISIONS = [("", "open"), ("no", "no rollback needed"), ("yes", "rollback requested")]

    service = models.ForeignKey(Service, models.PROTECT, related_name="deployments")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="deployments")
    version = models.CharField(max_length=200)
    previous_version = models.CharField(max_length=200, blank=True)
    commit = models.CharField(max_length=64, blank=True)
    committed_at = models.DateTimeField(null=True)
    facts = models.JSONField(default=dict)
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, related_name="deployments")
    deployed_by = models.CharField(max_length=200, blank=True)
    link = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=STATES, default="running")
    recorded_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=3, choices=DECISIONS, blank=True)
    decided_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    # Null where nobody names it: "" could stand only once.
    external_id = models.CharField(max_length=150, null=True, unique=True)  # noqa: DJ001
    rollback = models.OneToOneField(
        Rollback, models.PROTECT, null=True, related_name="undone_deployment"
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["service", "environment", "-id"], name="deployment_by_target")
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.version} in {self.environment}"


class FreezeWindow(models.Model):
    """A window in which nothing is deployed: of one service, or of all in the environment."""

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="freeze_windows")
    service = models.ForeignKey(Service, models.CASCADE, null=True, related_name="freeze_windows")
    reason = models.CharField(max_length=200)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["starts_at", "id"]

    def __str__(self) -> str:
        return f"{self.reason} ({self.environment})"
