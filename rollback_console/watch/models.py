"""The tables of the watch: triggers, what watches them after a deployment, and what was seen."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from rollback_console.deployments.models import Deployment
from rollback_console.plans.models import Environment, Service
from rollback_console.proposals.models import Proposal

PERSON = settings.AUTH_USER_MODEL

SEVERITIES = [("critical", "critical"), ("warning", "warning")]
KINDS = [("http", "HTTP check"), ("prometheus", "Prometheus query")]
VERDICTS = [("passed", "passed"), ("failed", "failed"), ("unknown", "unknown")]


class Trigger(models.Model):
    """When to roll a service back in one environment, and what a person bound it to.

    `text` is as a plan or a person says it; `key` is what it has in common with other spellings,
    so that the same line of the next document is the same trigger. `probe` holds the fields of
    its kind (watch.probes). `automatic` proposes a rollback; else it is shown alone. It fires
    after `failures` in a row, looked at each `every` seconds while the deployment is young.
    """

    service = models.ForeignKey(Service, models.PROTECT, related_name="triggers")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="triggers")
    text = models.CharField(max_length=300)
    key = models.CharField(max_length=300)
    severity = models.CharField(max_length=10, choices=SEVERITIES, default="critical")
    automatic = models.BooleanField(default=True)
    kind = models.CharField(max_length=12, choices=KINDS)
    probe = models.JSONField(default=dict)
    every = models.PositiveIntegerField(
        default=30, validators=[MinValueValidator(10), MaxValueValidator(3600)]
    )
    failures = models.PositiveSmallIntegerField(
        default=3, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    bound_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    bound_at = models.DateTimeField()

    class Meta:
        ordering = ["service", "environment", "severity", "text"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "environment", "key"], name="one_trigger_per_words"
            )
        ]

    def __str__(self) -> str:
        return f"{self.text} ({self.service} in {self.environment})"

    @property
    def proposes(self) -> bool:
        """Whether it opens a proposal when it fires; any other is shown on pages alone."""
        return self.automatic and self.severity == "critical"


class TriggerWatch(models.Model):
    """One trigger watched after one deployment.

    Claimed by whoever moves `due_at` on and puts its own `claim`; `due_at` is None once it
    ended. `failures` and `passes` count in a row; what is unknown adds to neither. `baseline` is
    the mean of the hour before the deployment, None where it is not needed or not known.
    `fired_at` is since when it fires, None while it does not.
    """

    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="watches")
    trigger = models.ForeignKey(Trigger, models.CASCADE, related_name="watches")
    due_at = models.DateTimeField(null=True, db_index=True)
    claim = models.UUIDField(null=True)
    checked_at = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=10, choices=VERDICTS, blank=True)
    value = models.FloatField(null=True)
    evidence = models.CharField(max_length=500, blank=True)
    baseline = models.FloatField(null=True)
    failures = models.PositiveIntegerField(default=0)
    passes = models.PositiveIntegerField(default=0)
    unknown_since = models.DateTimeField(null=True)
    fired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["deployment", "trigger"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "trigger"], name="one_watch_per_deployment_and_trigger"
            )
        ]

    def __str__(self) -> str:
        return f"{self.trigger.text} after {self.deployment}"


class Sample(models.Model):
    """What was seen in one look: for graphs, and removed by age."""

    watch = models.ForeignKey(TriggerWatch, models.CASCADE, related_name="samples")
    at = models.DateTimeField(db_index=True)
    verdict = models.CharField(max_length=10, choices=VERDICTS)
    value = models.FloatField(null=True)

    class Meta:
        ordering = ["watch", "at", "id"]
        indexes = [models.Index(fields=["watch", "at"], name="sample_by_watch")]

    def __str__(self) -> str:
        return f"{self.verdict} {self.value}"


class Firing(models.Model):
    """One time that a trigger fired: with what was seen, and what people make of it.

    It ended when the values recovered or the watch did. `false_alarm` is a person's judgement.
    """

    watch = models.ForeignKey(TriggerWatch, models.CASCADE, related_name="firings")
    trigger = models.ForeignKey(Trigger, models.CASCADE, related_name="firings")
    proposal = models.ForeignKey(Proposal, models.SET_NULL, null=True, related_name="firings")
    evidence = models.TextField()
    fired_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    false_alarm = models.BooleanField(default=False)
    marked_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    marked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.trigger.text}: {self.evidence}"[:200]


class ZoneShift(models.Model):
    """Who works in a network zone now: one worker at a time, under a lease."""

    zone = models.CharField(max_length=40, unique=True)
    holder = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["zone"]

    def __str__(self) -> str:
        return self.zone
