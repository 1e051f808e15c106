"""What people write into a postmortem."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from rollback_console.common.text import LONGEST_TEXT
from rollback_console.postmortems.models import ActionItem, Postmortem

from .base import ConsoleForm, PersonField

KINDS = [("immediate", _("immediate")), ("follow_up", _("follow-up"))]


class MomentInput(forms.DateTimeInput):
    """A date and a time of day, in UTC, as browsers ask for it."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class WritingForm(ConsoleForm):
    """The texts and when it began; `version` tells whether somebody else wrote meanwhile."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    began_at = forms.DateTimeField(
        label=_("When it began (UTC)"),
        required=False,
        widget=MomentInput(),
        help_text=_("When users were first affected. The time to recover counts from here."),
    )
    impact = forms.CharField(
        label=_("Impact"), required=False, help_text=_("Who was affected, how, and for how long.")
    )
    contributing_factors = forms.CharField(label=_("Contributing factors"), required=False)
    what_went_wrong = forms.CharField(
        label=_("What went wrong"),
        required=False,
        help_text=_("Required before publishing."),
    )
    how_to_prevent = forms.CharField(label=_("How to prevent it"), required=False)
    additional_testing = forms.CharField(label=_("Additional testing"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if type(field) is forms.CharField:
                field.widget = forms.Textarea(attrs={"rows": 2})

    @classmethod
    def of(cls, postmortem: Postmortem, data: Any = None) -> WritingForm:
        """Filled with what is written so far."""
        return cls(data, initial={name: getattr(postmortem, name) for name in cls.base_fields})

    def texts(self) -> dict[str, Any]:
        """What the service takes; CRLF, as browsers send it, becomes LF."""
        values = dict(self.cleaned_data)
        return {
            name: value.replace("\r\n", "\n") if isinstance(value, str) else value
            for name, value in values.items()
        }


class AssignmentForm(ConsoleForm):
    """Who does an item, until when, and when to remind them."""

    owner = PersonField(
        User.objects.filter(is_active=True).order_by("username"),
        label=_("Owner"),
        required=False,
        empty_label=_("unassigned"),
    )
    due = forms.DateField(
        label=_("Due"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    remind_at = forms.DateTimeField(
        label=_("Remind at (UTC)"), required=False, widget=MomentInput()
    )

    @classmethod
    def of(cls, item: ActionItem, data: Any = None) -> AssignmentForm:
        """Filled with what is agreed so far; ids are the item's own."""
        initial = {name: getattr(item, name) for name in cls.base_fields}
        return cls(data, initial=initial, auto_id=f"item-{item.key}-%s")


class ItemForm(AssignmentForm):
    """Something to do afterwards."""

    text = forms.CharField(label=_("Action"), max_length=300)
    kind = forms.ChoiceField(label=_("When"), choices=KINDS)
    field_order = ("text", "kind", "owner", "due", "remind_at")


class CommentForm(ConsoleForm):
    """What somebody says about it."""

    text = forms.CharField(label=_("Your comment"), widget=forms.Textarea(attrs={"rows": 3}))


class MessageForm(ConsoleForm):
    """A message to others, and who gets it."""

    recipients = forms.CharField(
        label=_("To"),
        max_length=1000,
        help_text=_("The recipients listed in the plan. Remove those who did not receive it."),
    )
    text = forms.CharField(
        label=_("Message"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 10})
    )

    def values(self) -> dict[str, Any]:
        """What the service takes; CRLF, as browsers send it, becomes LF."""
        return {name: value.replace("\r\n", "\n") for name, value in self.cleaned_data.items()}


class CadenceForm(ConsoleForm):
    """How often others are told."""

    minutes = forms.IntegerField(
        label=_("Send an update every (minutes)"), min_value=1, max_value=1440
    )


class LinkForm(ConsoleForm):
    """Whom a status link is for."""

    label = forms.CharField(
        label=_("Recipient"),
        max_length=100,
        help_text=_("So that you know later which link to revoke."),
    )


class IncidentForm(ConsoleForm):
    """The file of a past incident."""

    file = forms.FileField(label=_("File"), help_text=_("JSON of at most 8 MiB."))
