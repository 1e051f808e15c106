"""How every form is shown: label, field, help and what is wrong, tied together for readers."""

from __future__ import annotations

from typing import Any, TypeVar

from django import forms
from django.contrib.auth.models import User

Form = TypeVar("Form", bound=forms.BaseForm)
TEMPLATE = "parts/fields.html"


def dress(form: Form) -> Form:
    """The same form, drawn by parts/fields.html and without colons after labels."""
    form.label_suffix = ""
    form.template_name = TEMPLATE
    return form


class Undecorated:
    """Mixed into a form: drawn by parts/fields.html and without colons after labels."""

    template_name = TEMPLATE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})


class ConsoleForm(Undecorated, forms.Form):
    """Base of plain forms here."""


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Chooses a person by the name others know."""

    def label_from_instance(self, obj: User) -> str:
        """Full name and sign-in name."""
        return f"{obj.get_full_name() or obj.username} ({obj.username})"
