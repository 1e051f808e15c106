"""What people write into a postmortem."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User

from rollback_console.postmortems.models import Postmortem

from .base import ConsoleForm, PersonField

_ROWS = {"rows": 5}
KINDS = [("immediate", "immediate"), ("follow_up", "follow-up")]


class WritingForm(ConsoleForm):
    """The four texts; `version` tells whether somebody else wrote meanwhile."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    impact = forms.CharField(
        label="Impact",
        required=False,
        widget=forms.Textarea(attrs=_ROWS),
        help_text="Who noticed what, and for how long.",
    )
    what_went_wrong = forms.CharField(
        label="What went wrong",
        required=False,
        widget=forms.Textarea(attrs=_ROWS),
        help_text="Needed before it can be published.",
    )
    how_to_prevent = forms.CharField(
        label="How to prevent it", required=False, widget=forms.Textarea(attrs=_ROWS)
    )
    additional_testing = forms.CharField(
        label="Additional testing", required=False, widget=forms.Textarea(attrs=_ROWS)
    )

    @classmethod
    def of(cls, postmortem: Postmortem, data: Any = None) -> WritingForm:
        """Filled with what is written so far."""
        names = list(cls.base_fields)
        return cls(data, initial={name: getattr(postmortem, name) for name in names})


class ItemForm(ConsoleForm):
    """Something to do afterwards."""

    text = forms.CharField(label="What is to be done", max_length=300)
    kind = forms.ChoiceField(label="When", choices=KINDS)
    owner = PersonField(
        User.objects.filter(is_active=True).order_by("username"),
        label="Owner",
        required=False,
        empty_label="nobody yet",
    )
    due = forms.DateField(
        label="Due", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
