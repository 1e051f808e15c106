"""What every form here shares. parts/fields.html draws them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import Model
from django.utils.translation import gettext

from rollback_console.audit.stale_edit import draw_version
from rollback_console.common.people import display_name


class Undecorated:
    """Mixed into a form: labels without colons, choices in the language of the page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        for field in getattr(self, "fields", {}).values():
            # Choices that a model declares are English, as the rows are.
            if isinstance(field, forms.TypedChoiceField):
                declared: Any = field.choices
                field.choices = [(value, gettext(str(label))) for value, label in declared]


class ConsoleForm(Undecorated, forms.Form):
    """Base of plain forms here."""


class DrawnForm(Undecorated):
    """Mixed into a form that edits a row: it carries what of the row it was drawn from."""

    fields: dict[str, forms.Field]
    initial: Any

    def draw_from(self, row: Model, *names: str) -> None:
        """Carry `names` of `row`, or all of its columns; a form of a new row carries nothing."""
        if row.pk is not None:
            # Not required here: the action refuses a form without it, in a sentence.
            self.fields["drawn_from"] = forms.CharField(required=False, widget=forms.HiddenInput)
            self.initial["drawn_from"] = draw_version(row, *names)


def preselect_only(form: forms.BaseForm, *names: str) -> None:
    """Where there is nothing to choose from but one row, that one is chosen."""
    for name in names:
        field = form.fields[name]
        if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
            rows = list(field.queryset.all()[:2])
            if len(rows) == 1:
                form.initial.setdefault(name, rows[0].pk)


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Chooses a person by the name others know."""

    def label_from_instance(self, obj: User) -> str:
        """Full name and sign-in name."""
        return f"{display_name(obj)} ({obj.username})"
