"""People who sign in, the groups that give them rights, and inviting somebody."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Group, User
from django.utils.translation import gettext_lazy as _

from rollback_console.access.actions.invitations import LIFE_DAYS, LONGEST_DAYS
from rollback_console.access.actions.passwords import check_password_rules
from rollback_console.access.errors import WeakPassword
from rollback_console.plans.models import Environment

from .base import ConsoleForm, Undecorated, preselect_only


class PersonForm(Undecorated, forms.ModelForm):  # type: ignore[type-arg]
    """What is typed about a person; an action writes it. An empty password changes nothing."""

    groups = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"),
        label=_("Groups"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Without a group, a person has no access. Viewer: read-only. Operator: request "
            "and run rollbacks. Admin: manage hosts, people and rules. "
            "Decision makers are named on each environment's page."
        ),
    )
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email", "password", "groups"]
        labels = {"username": _("Username"), "email": _("E-mail address")}
        help_texts = {"username": _("Letters, digits and @ . + - _")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Otherwise the stored hash would be the field's initial value.
        self.initial.pop("password", None)
        if self.instance.pk:
            self.fields["password"].help_text = _("Leave empty to keep the password.")
        else:
            self.fields["password"].required = True
            self.fields["password"].help_text = _("They can change it on their own page.")

    def clean_password(self) -> str:
        """By the rules of the installation."""
        typed: str = self.cleaned_data["password"]
        if typed:
            try:
                check_password_rules(typed, self.instance)
            except WeakPassword as error:
                raise forms.ValidationError(str(error)) from error
        return typed


class InvitationForm(Undecorated, forms.ModelForm):  # type: ignore[type-arg]
    """Who is invited, into which groups, and for how long the link is open."""

    groups = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"),
        label=_("Groups"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("In none, a person sees nothing."),
    )
    days = forms.IntegerField(
        label=_("Days the link is open"), min_value=1, max_value=LONGEST_DAYS, initial=LIFE_DAYS
    )
    mail = forms.BooleanField(label=_("Send the link by mail"), required=False)
    role = forms.CharField(
        label=_("Decision maker, as"),
        required=False,
        max_length=60,
        help_text=_("Such as Deploy Lead. Empty: they decide nowhere."),
    )
    environment = forms.ModelChoiceField(
        Environment.objects.order_by("name"),
        label=_("Decides in"),
        required=False,
        empty_label=_("no environment"),
    )
    rung = forms.IntegerField(
        label=_("Escalation level"),
        required=False,
        min_value=1,
        max_value=99,
        initial=1,
        help_text=_("Level 1 is asked first."),
    )

    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email", "groups"]
        labels = {"username": _("Name to sign in with"), "email": _("E-mail address")}
        help_texts = {"username": _("Letters, digits and @ . + - _")}

    def __init__(self, *args: Any, can_mail: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not can_mail:
            del self.fields["mail"]
        preselect_only(self, "environment")

    def clean(self) -> dict[str, Any]:
        """Mail needs an address; who decides somewhere has a role there."""
        cleaned = super().clean() or {}
        role, environment = cleaned.get("role"), cleaned.get("environment")
        if role and environment is None:
            self.add_error("environment", _("Choose where they decide."))
        if environment and not role and environment.pk != self.initial.get("environment"):
            self.add_error("role", _("Enter the role in which they decide there."))
        if cleaned.get("mail") and not cleaned.get("email"):
            self.add_error("email", _("Enter the address that the link goes to."))
        return cleaned


class FirstPasswordForm(ConsoleForm):
    """The password that an invited person chooses, twice."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_(
            "At least 12 characters: four or more unrelated words, or one that a password "
            "manager made."
        ),
    )
    again = forms.CharField(
        label=_("The same once more"),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Both alike."""
        cleaned = super().clean() or {}
        if {"password", "again"} <= cleaned.keys() and cleaned["password"] != cleaned["again"]:
            self.add_error("again", _("This is not the same password."))
        return cleaned
