"""What a decision maker types: a note, and in production the environment's name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils import timezone

from rollback_console.rollbacks.models import Rollback

from .base import ConsoleForm

FRESH = timedelta(minutes=15)


class DecisionForm(ConsoleForm):
    """One note for either decision.

    In production the environment's name is typed, and a sign-in older than 15 minutes is
    refreshed with the password, so that a phone left open decides nothing.
    """

    snapshot_sha256 = forms.CharField(widget=forms.HiddenInput)
    note = forms.CharField(
        label="Note, or why not",
        required=False,
        max_length=2000,
        widget=forms.TextInput(attrs={"data-keys": "a"}),
    )

    def __init__(self, rollback: Rollback, person: User, data: Any = None) -> None:
        super().__init__(data, initial={"snapshot_sha256": rollback.snapshot_sha256})
        self.rollback = rollback
        self.person = person
        if rollback.environment.is_production:
            self._add_care()

    def clean_place(self) -> str:
        """The environment's name, letter case apart."""
        typed: str = self.cleaned_data["place"]
        name = self.rollback.environment.name
        if typed.strip().casefold() != name.casefold():
            raise forms.ValidationError(f"Type {name}, the environment this would change.")
        return typed

    def clean_password(self) -> str:
        """The person's own password."""
        typed: str = self.cleaned_data["password"]
        if not self.person.check_password(typed):
            raise forms.ValidationError("That is not your password.")
        return typed

    def _add_care(self) -> None:
        name = self.rollback.environment.name
        self.fields["place"] = forms.CharField(
            label=f"Type {name} to approve",
            widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
            error_messages={"required": f"Type {name}, the environment this would change."},
        )
        if not _fresh(self.person):
            self.fields["password"] = forms.CharField(
                label="Your password, again",
                widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
                error_messages={"required": "You signed in a while ago: type your password."},
            )


class RejectionForm(ConsoleForm):
    """Saying no needs the reason and the snapshot alone."""

    snapshot_sha256 = forms.CharField(widget=forms.HiddenInput)
    note = forms.CharField(required=False, max_length=2000)


def _fresh(person: User) -> bool:
    return bool(person.last_login and timezone.now() - person.last_login < FRESH)
