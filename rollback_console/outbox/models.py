"""The tables of who is told what."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from rollback_console.plans.inventory.encrypted_field import EncryptedTextField
from rollback_console.plans.models import Environment
from rollback_console.rollbacks.models import Rollback

PERSON = settings.AUTH_USER_MODEL


class Target(models.Model):
    """Where messages go. `url` and `secret` are never shown; `shown` is what a page may say.

    Without an environment it hears of all of them. `topics` are keys of topics.TOPICS. With
    `personal` mail goes to those whom a message concerns.
    """

    name = models.CharField(max_length=100, unique=True)
    environment = models.ForeignKey(
        Environment, models.CASCADE, null=True, blank=True, related_name="targets"
    )
    url = EncryptedTextField()
    shown = models.CharField(max_length=300)
    secret = EncryptedTextField(blank=True)
    topics = models.JSONField(default=list)
    personal = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    made_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_webhook(self) -> bool:
        """Whether it is a signed webhook of ours."""
        return self.shown.startswith("http")


class PushKey(models.Model):
    """The key pair by which push services know this console; there is one row."""

    private_key = EncryptedTextField()
    public_key = models.CharField(max_length=100)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return "The key of push notifications"


class PushDevice(models.Model):
    """A browser of a person that receives push notifications. `endpoint` is its address at its
    push service; `public_key` and `auth` encrypt what only that browser can read."""

    user = models.ForeignKey(PERSON, models.CASCADE, related_name="push_devices")
    endpoint = EncryptedTextField()
    endpoint_sha256 = models.CharField(max_length=64, unique=True)
    public_key = models.CharField(max_length=200)
    auth = EncryptedTextField()
    name = models.CharField(max_length=100)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One message to one target, or to one device of a person. `cause` names what it is about:
    one row for each and target.

    `claim` is the attempt that may write the outcome. `due_at` is when it is tried next.
    """

    WAITING, SENT, FAILED = "waiting", "sent", "failed"
    STATES = [(WAITING, "waiting"), (SENT, "sent"), (FAILED, "failed")]

    target = models.ForeignKey(Target, models.SET_NULL, null=True, related_name="deliveries")
    device = models.ForeignKey(PushDevice, models.SET_NULL, null=True, related_name="deliveries")
    target_name = models.CharField(max_length=100)
    cause = models.CharField(max_length=150)
    topic = models.CharField(max_length=20)
    kind = models.CharField(max_length=60)
    environment = models.CharField(max_length=50, blank=True)
    rollback = models.ForeignKey(Rollback, models.PROTECT, null=True, related_name="deliveries")
    title = models.CharField(max_length=200)
    text = models.TextField()
    link = models.CharField(max_length=300)
    to = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=STATES, default=WAITING)
    attempts = models.PositiveIntegerField(default=0)
    claim = models.UUIDField(null=True)
    problem = models.CharField(max_length=500, blank=True)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    retried_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    retried_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["target", "cause"], name="one_delivery_per_cause"),
            models.UniqueConstraint(fields=["device", "cause"], name="one_push_per_cause"),
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="delivery_due")]

    def __str__(self) -> str:
        return f"{self.title} to {self.target_name}"


class Told(models.Model):
    """Up to which event of a rollback deliveries were written."""

    rollback = models.OneToOneField(Rollback, models.CASCADE, related_name="told")
    seq = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.rollback} up to {self.seq}"
