"""What every form here shares. parts/fields.html draws them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User


class Undecorated:
    """Mixed into a form: labels without colons."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})


class ConsoleForm(Undecorated, forms.Form):
    """Base of plain forms here."""


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Chooses a person by the name others know."""

    def label_from_instance(self, obj: User) -> str:
        """Full name and sign-in name."""
        return f"{obj.get_full_name() or obj.username} ({obj.username})"
