"""What a decision maker types: a note, and in production the environment's name."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from rollback_console.rollbacks.actions.break_glass import SHORTEST
from rollback_console.rollbacks.models import Rollback

from .base import ConsoleForm, PersonField

_WRONG_PLACE = _("Type {name}, the environment this changes.")


class DecisionForm(ConsoleForm):
    """One note for either decision.

    In production the environment's name is typed. What nobody should approve by reflex takes a tick
    of its own: a version that is pinned, and a way back that is impossible as it stands.
    """

    snapshot_sha256 = forms.CharField(widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("Comment (required to reject)"),
        required=False,
        max_length=2000,
        widget=forms.TextInput(attrs={"data-keys": "a"}),
    )

    def __init__(
        self,
        rollback: Rollback,
        data: Any = None,
        *,
        pinned: bool = False,
        impossible: bool = False,
    ) -> None:
        super().__init__(data, initial={"snapshot_sha256": rollback.snapshot_sha256})
        self.rollback = rollback
        if pinned:
            self.fields["pinned"] = forms.BooleanField(
                label=_("Go back to a version that is pinned as one not to deploy"),
                error_messages={"required": _("Tick that you know of the pin, or reject.")},
            )
        if impossible:
            self.fields["impossible"] = forms.BooleanField(
                label=_("Approve what the hosts say is impossible as it stands"),
                error_messages={"required": _("Tick that you know what the hosts say, or reject.")},
            )
        if rollback.environment.is_production:
            self._add_care()

    def clean_place(self) -> str:
        """The environment's name, letter case apart."""
        typed: str = self.cleaned_data["place"]
        name = self.rollback.environment.name
        if typed.strip().casefold() != name.casefold():
            raise forms.ValidationError(_WRONG_PLACE.format(name=name))
        return typed

    def _add_care(self) -> None:
        name = self.rollback.environment.name
        self.fields["place"] = forms.CharField(
            label=_("Type {name} to approve").format(name=name),
            widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
            error_messages={"required": _WRONG_PLACE.format(name=name)},
        )


class RejectionForm(ConsoleForm):
    """Saying no needs the reason and the snapshot alone."""

    snapshot_sha256 = forms.CharField(widget=forms.HiddenInput)
    note = forms.CharField(required=False, max_length=2000)


class BreakGlassForm(ConsoleForm):
    """Starting without approval: the reason, and everywhere the environment's name typed."""

    snapshot_sha256 = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why can no decision maker be reached?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "At least 20 characters. All decision makers of this environment are notified, "
            "and somebody else must review the start afterwards."
        ),
    )
    place = forms.CharField(widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, rollback: Rollback, data: Any = None) -> None:
        initial = {"snapshot_sha256": rollback.snapshot_sha256}
        super().__init__(data, initial=initial, auto_id="id_glass_%s")
        self.name = rollback.environment.name
        self.fields["place"].label = _("Type {name} to start").format(name=self.name)
        problem = _WRONG_PLACE.format(name=self.name)
        self.fields["place"].error_messages["required"] = problem

    def clean_reason(self) -> str:
        """Long enough to be reviewed."""
        typed: str = self.cleaned_data["reason"]
        if len(" ".join(typed.split())) < SHORTEST:
            raise forms.ValidationError(
                _("Write at least {number} characters.").format(number=SHORTEST)
            )
        return typed

    def clean_place(self) -> str:
        """The environment's name, letter case apart."""
        typed: str = self.cleaned_data["place"]
        if typed.strip().casefold() != self.name.casefold():
            raise forms.ValidationError(_WRONG_PLACE.format(name=self.name))
        return typed


class DelegationForm(ConsoleForm):
    """Delegating one's approval right."""

    to = PersonField(User.objects.none(), label=_("To"))
    hours = forms.TypedChoiceField(
        label=_("For"),
        coerce=int,
        initial=8,
        choices=[
            (4, _("4 hours")),
            (8, _("8 hours")),
            (24, _("a day")),
            (72, _("3 days")),
            (168, _("a week")),
            (336, _("2 weeks")),
            (720, _("30 days")),
        ],
    )
    reason = forms.CharField(label=_("Reason"), required=False, max_length=200)

    def __init__(self, giver: User, data: Any = None) -> None:
        super().__init__(data, auto_id="id_lend_%s")
        others = User.objects.filter(is_active=True).exclude(pk=giver.pk).order_by("username")
        self.fields["to"].queryset = others  # type: ignore[attr-defined]
