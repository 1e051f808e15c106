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


class DeploymentDocument(models.Model):
    """A checklist or plan that came with a deployment; `kind` is one of documents.checklists.

    `asks_for_rollback` says that it ends in that question, which the deployment's own decision
    answers.
    """

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="documents")
    kind = models.CharField(max_length=12)
    title = models.CharField(max_length=200)
    source = models.TextField()
    asks_for_rollback = models.BooleanField(default=False)
    added_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["deployment", "kind"], name="one_document_per_kind")
        ]

    def __str__(self) -> str:
        return f"{self.title} of {self.deployment}"


class DeploymentItem(models.Model):
    """One item of such a document: something to check, the decision to deploy, or a sign-off.

    `opens` and `due` are minutes after the end of the deployment, None without a window. `role`
    is who signs; `signer` the person, where the document or an operator names one. `answers`
    counts how often it was answered: who answers says how often it had been.
    """

    KINDS = [("task", "to check"), ("go_no_go", "go / no-go"), ("sign_off", "sign-off")]
    ANSWERS = [
        ("", "open"),
        ("done", "done"),
        ("failed", "does not hold"),
        ("not_applicable", "does not apply"),
        ("go", "go"),
        ("no_go", "no-go"),
        ("signed", "signed"),
    ]

    document = models.ForeignKey(DeploymentDocument, models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=KINDS)
    section = models.CharField(max_length=300, blank=True)
    text = models.CharField(max_length=320)
    opens = models.PositiveIntegerField(null=True)
    due = models.PositiveIntegerField(null=True)
    role = models.CharField(max_length=60, blank=True)
    named = models.CharField(max_length=150, blank=True)
    signer = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    answer = models.CharField(max_length=14, choices=ANSWERS, blank=True)
    evidence = models.TextField(blank=True)
    answered_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    answers = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["document", "position"]
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="one_item_per_position")
        ]

    def __str__(self) -> str:
        return f"“{self.text}” of {self.document.deployment}"

    @property
    def environment(self) -> Environment:
        """Where it is deployed; with `service`, what rights over it are asked about."""
        return self.document.deployment.environment

    @property
    def service(self) -> Service:
        """What is deployed."""
        return self.document.deployment.service


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


class GuardOverride(models.Model):
    """A decision maker lets one version be deployed until `ends_at`, past `obstacles` alone.

    Those are keys of `guard.Obstacle`: what comes up later stands against it again.
    """

    service = models.ForeignKey(Service, models.PROTECT, related_name="guard_overrides")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="guard_overrides")
    version = models.CharField(max_length=200)
    reason = models.TextField()
    obstacles = models.JSONField(default=list)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.service} {self.version} in {self.environment}"
