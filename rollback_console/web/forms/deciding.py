"""What a decision maker types: a note, and in production the environment's name."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User

from rollback_console.rollbacks.actions.break_glass import SHORTEST
from rollback_console.rollbacks.models import Rollback

from .base import ConsoleForm, PersonField


class DecisionForm(ConsoleForm):
    """One note for either decision.

    In production the environment's name is typed.
    """

    snapshot_sha256 = forms.CharField(widget=forms.HiddenInput)
    note = forms.CharField(
        label="Comment (required to reject)",
        required=False,
        max_length=2000,
        widget=forms.TextInput(attrs={"data-keys": "a"}),
    )

    def __init__(self, rollback: Rollback, data: Any = None) -> None:
        super().__init__(data, initial={"snapshot_sha256": rollback.snapshot_sha256})
        self.rollback = rollback
        if rollback.environment.is_production:
            self._add_care()

    def clean_place(self) -> str:
        """The environment's name, letter case apart."""
        typed: str = self.cleaned_data["place"]
        name = self.rollback.environment.name
        if typed.strip().casefold() != name.casefold():
            raise forms.ValidationError(f"Type {name}, the environment this changes.")
        return typed

    def _add_care(self) -> None:
        name = self.rollback.environment.name
        self.fields["place"] = forms.CharField(
            label=f"Type {name} to approve",
            widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
            error_messages={"required": f"Type {name}, the environment this changes."},
        )


class RejectionForm(ConsoleForm):
    """Saying no needs the reason and the snapshot alone."""

    snapshot_sha256 = forms.CharField(widget=forms.HiddenInput)
    note = forms.CharField(required=False, max_length=2000)


class BreakGlassForm(ConsoleForm):
    """Starting without approval: the reason, and everywhere the environment's name typed."""

    snapshot_sha256 = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label="Why can no decision maker be reached?",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="At least 20 characters. All decision makers of this environment are notified, "
        "and somebody else must review the start afterwards.",
    )
    place = forms.CharField(widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, rollback: Rollback, data: Any = None) -> None:
        initial = {"snapshot_sha256": rollback.snapshot_sha256}
        super().__init__(data, initial=initial, auto_id="id_glass_%s")
        self.name = rollback.environment.name
        self.fields["place"].label = f"Type {self.name} to start"
        problem = f"Type {self.name}, the environment this changes."
        self.fields["place"].error_messages["required"] = problem

    def clean_reason(self) -> str:
        """Long enough to be reviewed."""
        typed: str = self.cleaned_data["reason"]
        if len(" ".join(typed.split())) < SHORTEST:
            raise forms.ValidationError(f"Write at least {SHORTEST} characters.")
        return typed

    def clean_place(self) -> str:
        """The environment's name, letter case apart."""
        typed: str = self.cleaned_data["place"]
        if typed.strip().casefold() != self.name.casefold():
            raise forms.ValidationError(f"Type {self.name}, the environment this changes.")
        return typed


class DelegationForm(ConsoleForm):
    """Delegating one's approval right."""

    to = PersonField(User.objects.none(), label="To")
    hours = forms.TypedChoiceField(
        label="For",
        coerce=int,
        initial=8,
        choices=[
            (4, "4 hours"),
            (8, "8 hours"),
            (24, "a day"),
            (72, "3 days"),
            (168, "a week"),
            (336, "2 weeks"),
            (720, "30 days"),
        ],
    )
    reason = forms.CharField(label="Reason", required=False, max_length=200)

    def __init__(self, giver: User, data: Any = None) -> None:
        super().__init__(data, auto_id="id_lend_%s")
        others = User.objects.filter(is_active=True).exclude(pk=giver.pk).order_by("username")
        self.fields["to"].queryset = others  # type: ignore[attr-defined]
