"""The tables of plans and the revisions of their text."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from .inventory import Environment, Service


class Plan(models.Model):
    """What could be done to undo one service's deployment; its text lives in revisions."""

    slug = models.SlugField(unique=True, max_length=120)
    title = models.CharField(max_length=200)
    service = models.ForeignKey(Service, models.PROTECT, related_name="plans")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="plans")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class Revision(models.Model):
    """One immutable text of a plan, with what people bound it to.

    `source` holds the author's bytes. `bindings` is {"hosts": group or host name for steps
    that name none, "time_limit": minutes for the whole rollback, "steps": {"3": {"hosts",
    "cwd", "user", "timeout", "manual"}},
    "on_host": [names of variables that the hosts set themselves], "facts": {parameter name:
    value known from the deployment}, "confirmed_characters": [keys of characters that nobody
    sees, see snapshot.hidden_characters]}.

    Only a confirmed revision is ever run: since `confirmed_at`, `confirmed_by` stands for every
    step of it. Where `source` is the canonical form of another text, `original` holds the
    author's bytes. `shape` is that of the author's text, by which another document of the same
    shape is confirmed (documents.shape), and `operations` what a person arranged in between.
    """

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    source = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    bindings = models.JSONField(default=dict)
    note = models.CharField(max_length=200, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    original = models.BinaryField(null=True)
    shape = models.CharField(max_length=64, blank=True, default="", db_default="")
    operations = models.JSONField(null=True)

    class Meta:
        ordering = ["plan", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="one_revision_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.plan} r{self.number}"


class Acknowledgement(models.Model):
    """What one person says of one finding of a revision: that it is known, and why it may stay.

    `finding` is the key of the finding (documents.lint.finding_key), `code` its kind. A next
    revision of the same shape holds it again, with the same person and time, while the finding
    says the same of the same text.
    """

    revision = models.ForeignKey(Revision, models.PROTECT, related_name="acknowledgements")
    finding = models.CharField(max_length=64)
    code = models.CharField(max_length=40)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "finding"], name="one_acknowledgement_per_finding"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} of {self.revision}"
