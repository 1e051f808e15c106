"""The table of checks that answer themselves while a rollback verifies."""

from __future__ import annotations

from django.db import models


class Look(models.Model):
    """One automated check of one rollback: claimed by whoever moves `due_at` on.

    `due_at` is None once it has answered. `good_since` is when it began to hold without a
    break; `well` and `evidence` are the last look's, None and "" before the first.
    """

    rollback = models.ForeignKey("rollbacks.Rollback", models.PROTECT, related_name="looks")
    key = models.CharField(max_length=80)
    due_at = models.DateTimeField(null=True, db_index=True)
    good_since = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    well = models.BooleanField(null=True)
    evidence = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rollback", "key"], name="one_look_per_check"),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.evidence}"
