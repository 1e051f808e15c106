"""The tables of what is deployed where: services, environments, hosts, credentials, secrets."""

from __future__ import annotations

import base64
import hashlib

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from ..inventory.encrypted_field import EncryptedTextField


class Service(models.Model):
    """Something that is deployed, and may have to be rolled back."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class Environment(models.Model):
    """Where services run, with the rules that hold there; minutes for every duration.

    `database_servers` (host:port), `page_hosts` (host or host:port) and `file_folders` (absolute
    paths), one a line, limit what readiness may touch there (plans.readiness.targets).
    """

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    is_production = models.BooleanField(default=False)
    approvals_code = models.PositiveSmallIntegerField("approvals for code only", default=1)
    approvals_data = models.PositiveSmallIntegerField("approvals when data is at risk", default=2)
    data_role = models.CharField("role that must agree to data risk", max_length=60, blank=True)
    request_expires = models.PositiveIntegerField(default=60)
    start_expires = models.PositiveIntegerField(default=60)
    escalate_after = models.PositiveIntegerField(default=10)
    remind_before = models.PositiveIntegerField(default=15)
    readiness_rule = models.CharField(
        "when the hosts say that it would not work",
        max_length=5,
        choices=[("warn", "warn"), ("block", "block approval and start")],
        default="warn",
    )
    second_person = models.CharField(
        "second person for deviations, destructive gates and publishing",
        max_length=6,
        choices=[
            ("quorum", "where two or more must approve"),
            ("always", "always"),
            ("never", "never"),
        ],
        db_default="quorum",
        default="quorum",
    )
    database_servers = models.TextField("database servers for readiness", blank=True, db_default="")
    page_hosts = models.TextField("hosts whose pages readiness may open", blank=True, db_default="")
    file_folders = models.TextField(
        "folders whose files readiness may measure", blank=True, db_default=""
    )
    second_admin = models.BooleanField(
        "two Admins for what eases an approval", default=False, db_default=False
    )
    zone = models.SlugField("network zone", max_length=40, blank=True)
    rehearses = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="rehearsals"
    )

    class Meta:
        ordering = ["-is_production", "slug"]

    def __str__(self) -> str:
        return self.name


class Credential(models.Model):
    """How the console signs in to hosts; the secret parts are never shown again."""

    name = models.CharField(max_length=100, unique=True)
    username = models.CharField(max_length=64)
    private_key = EncryptedTextField(blank=True)
    passphrase = EncryptedTextField(blank=True)
    password = EncryptedTextField(blank=True)
    certificate = models.TextField(blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} ({self.username})"


class HostGroup(models.Model):
    """A name that plans use for several hosts, such as `app`."""

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="host_groups")
    name = models.SlugField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "name"], name="one_group_per_name")
        ]

    def __str__(self) -> str:
        return self.name


class Host(models.Model):
    """A machine the console reaches over SSH."""

    name = models.CharField(max_length=100, unique=True)
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="hosts")
    address = models.CharField(max_length=255)
    port = models.PositiveIntegerField(default=22)
    credential = models.ForeignKey(Credential, models.PROTECT, related_name="hosts")
    jump = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    groups = models.ManyToManyField(HostGroup, blank=True, related_name="hosts")
    runner = models.CharField(
        "what runs commands there",
        max_length=6,
        choices=[
            ("auto", "Python where the host has it, else its shell"),
            ("python", "Python, or nothing starts"),
            ("shell", "its shell"),
        ],
        db_default="auto",
        default="auto",
    )
    older_algorithms = models.BooleanField(
        "allow older algorithms", db_default=False, default=False
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class HostKey(models.Model):
    """A key the host showed; it counts only once a person confirmed it."""

    host = models.ForeignKey(Host, models.CASCADE, related_name="keys")
    type = models.CharField(max_length=60)
    key = models.TextField()
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["host", "type"]

    def __str__(self) -> str:
        return f"{self.type} {self.fingerprint}"

    @property
    def fingerprint(self) -> str:
        """As OpenSSH prints it: SHA256: and unpadded base64 (RFC 4648)."""
        digest = hashlib.sha256(base64.b64decode(self.key)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


class Secret(models.Model):
    """A value commands may read as an environment variable, never shown or logged."""

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="secrets")
    name = models.CharField(max_length=100)
    value = EncryptedTextField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "name"], name="one_secret_per_name")
        ]

    def __str__(self) -> str:
        return self.name


class FormerSecret(models.Model):
    """A value that was replaced or removed, and is still masked: in its environment, or without
    one, as part of a login, everywhere."""

    environment = models.ForeignKey(Environment, models.CASCADE, null=True, related_name="+")
    value = EncryptedTextField()
    replaced_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"A former secret of {self.environment or 'a login'}"
