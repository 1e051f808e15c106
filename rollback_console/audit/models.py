"""The tables of the record: what was changed, and where each stream ends."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class ConfigurationEvent(models.Model):
    """One act on the configuration. `seq` has no gaps; `previous` chains each to the last.

    `changes` is {field: [old, new]}, secrets as fingerprints. `by` is empty for what the console
    or the command line did; `by_name` stays what it was then. `rows` is what it wrote, for
    row_comparison: see row_ledger.
    """

    seq = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=60, db_index=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    by_name = models.CharField(max_length=150, blank=True)
    address = models.CharField(max_length=200, blank=True)
    door = models.CharField(max_length=120)
    subject_type = models.CharField(max_length=60, blank=True)
    subject_id = models.CharField(max_length=60, blank=True)
    subject_label = models.CharField(max_length=200, blank=True)
    changes = models.JSONField(default=dict)
    facts = models.JSONField(default=dict)
    rows = models.JSONField(null=True)
    version = models.PositiveSmallIntegerField()
    previous = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["seq"]
        indexes = [models.Index(fields=["subject_type", "subject_id"], name="event_by_subject")]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"


class StreamAnchor(models.Model):
    """Where a stream ends: how many events it holds and the seal of the last, itself sealed.

    `stream` is `configuration` or `rollback:NUMBER`. Of a stream that began before seals were
    keyed, `unkeyed_count` and `unkeyed_head` say how far that part goes. `written_count` is how
    much of it the daily anchor has put on record.
    """

    stream = models.CharField(max_length=80, unique=True)
    count = models.PositiveBigIntegerField(default=0)
    head = models.CharField(max_length=64, blank=True)
    unkeyed_count = models.PositiveBigIntegerField(default=0)
    unkeyed_head = models.CharField(max_length=64, blank=True)
    seal = models.CharField(max_length=64, blank=True)
    unkeyed_seal = models.CharField(max_length=64, blank=True, db_default="")
    written_count = models.PositiveBigIntegerField(default=0, db_default=0)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.stream}: {self.count}"
