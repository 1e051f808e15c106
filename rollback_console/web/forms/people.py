"""People who sign in, and the groups that give them rights."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Group, User

from rollback_console.access.actions.passwords import check_password_rules
from rollback_console.access.errors import WeakPassword

from .base import Undecorated


class PersonForm(Undecorated, forms.ModelForm):  # type: ignore[type-arg]
    """What is typed about a person; an action writes it. An empty password changes nothing."""

    groups = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"),
        label="Groups",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="In none, a person sees nothing. Viewer looks, Operator asks and steers, Admin "
        "changes hosts and people. "
        "Who approves is named on each environment's page.",
    )
    password = forms.CharField(
        label="Password",
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email", "password", "groups"]
        labels = {"username": "Name to sign in with", "email": "E-mail address"}
        help_texts = {"username": "Letters, digits and @ . + - _"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Otherwise the stored hash would be the field's initial value.
        self.initial.pop("password", None)
        if self.instance.pk:
            self.fields["password"].help_text = "Empty: it stays as it is."
        else:
            self.fields["password"].required = True
            self.fields["password"].help_text = "They can change it on their own page."

    def clean_password(self) -> str:
        """By the rules of the installation."""
        typed: str = self.cleaned_data["password"]
        if typed:
            try:
                check_password_rules(typed, self.instance)
            except WeakPassword as error:
                raise forms.ValidationError(str(error)) from error
        return typed
