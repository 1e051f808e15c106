"""The table of arrangements that nobody has confirmed yet."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from .plan import Revision


class ArrangementDraft(models.Model):
    """What people changed of one revision's proposal so far.

    `operations` are those of documents.arrange, in order; the first `position` of them hold, the
    others were taken back and can be made again. `version` counts every change of the draft.
    """

    revision = models.OneToOneField(Revision, models.CASCADE, related_name="arrangement")
    operations = models.JSONField(default=list)
    position = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=0)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"arrangement of {self.revision}"
