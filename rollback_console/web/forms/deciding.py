"""What a decision maker types: a note, and in production the environment's name."""

from __future__ import annotations

from typing import Any

from django import forms

from rollback_console.rollbacks.models import Rollback

from .base import ConsoleForm


class DecisionForm(ConsoleForm):
    """One note for either decision.

    In production the environment's name is typed.
    """

    snapshot_sha256 = forms.CharField(widget=forms.HiddenInput)
    note = forms.CharField(
        label="Note, or why not",
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
            raise forms.ValidationError(f"Type {name}, the environment this would change.")
        return typed

    def _add_care(self) -> None:
        name = self.rollback.environment.name
        self.fields["place"] = forms.CharField(
            label=f"Type {name} to approve",
            widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
            error_messages={"required": f"Type {name}, the environment this would change."},
        )


class RejectionForm(ConsoleForm):
    """Saying no needs the reason and the snapshot alone."""

    snapshot_sha256 = forms.CharField(widget=forms.HiddenInput)
    note = forms.CharField(required=False, max_length=2000)
