"""The tables of what was learned."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from rollback_console.rollbacks.models import Rollback

PERSON = settings.AUTH_USER_MODEL


class Postmortem(models.Model):
    """One rollback's postmortem: what people wrote, beside what the events show."""

    STATES = [("draft", "draft"), ("in_review", "in review"), ("published", "published")]

    rollback = models.OneToOneField(Rollback, models.PROTECT, related_name="postmortem")
    state = models.CharField(max_length=10, choices=STATES, default="draft")
    impact = models.TextField(blank=True)
    what_went_wrong = models.TextField(blank=True)
    how_to_prevent = models.TextField(blank=True)
    additional_testing = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    edited_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    edited_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Postmortem of {self.rollback}"


class ActionItem(models.Model):
    """Something to do afterwards, by whom and until when."""

    postmortem = models.ForeignKey(Postmortem, models.CASCADE, related_name="action_items")
    text = models.CharField(max_length=300)
    kind = models.CharField(
        max_length=10, choices=[("immediate", "immediate"), ("follow_up", "follow-up")]
    )
    owner = models.ForeignKey(PERSON, models.SET_NULL, null=True, blank=True, related_name="+")
    due = models.DateField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(PERSON, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["kind", "id"]

    def __str__(self) -> str:
        return self.text
