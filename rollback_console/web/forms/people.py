"""People who sign in, and the groups that give them rights."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError

from .base import Undecorated


class PersonForm(Undecorated, forms.ModelForm):  # type: ignore[type-arg]
    """A person. A password is set for a new one; for others only when it is typed."""

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
        self._kept = self.instance.password
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
                password_validation.validate_password(typed, self.instance)
            except ValidationError as error:
                raise forms.ValidationError(error.messages) from error
        return typed

    def save(self, commit: bool = True) -> User:
        """Keep the person; an empty password changes nothing."""
        typed = self.cleaned_data["password"]
        person: User = super().save(commit=False)
        person.password = self._kept
        if typed:
            person.set_password(typed)
        if commit:
            person.save()
            self.save_m2m()
        return person
