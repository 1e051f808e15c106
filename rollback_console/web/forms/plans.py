"""Importing and revising a plan's text."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from rollback_console.plans.actions.plans import import_document, revise
from rollback_console.plans.actions.services import name_service
from rollback_console.plans.models import Environment, Plan, Revision, Service

from .base import ConsoleForm, preselect_only

LARGEST = 256 * 1024
_TEXT = forms.Textarea(
    attrs={"class": "source-text", "rows": 22, "spellcheck": "false", "wrap": "off"}
)


class ImportForm(ConsoleForm):
    """A document, pasted or uploaded, and what it is for."""

    text = forms.CharField(
        label=_("The plan, in Markdown"),
        required=False,
        strip=False,
        widget=_TEXT,
        help_text=_("Paste the document unchanged. It is stored byte for byte."),
    )
    file = forms.FileField(label=_("Or a file"), required=False, help_text=_("At most 256 KiB."))
    service = forms.ModelChoiceField(
        Service.objects.all(),
        label=_("Service"),
        required=False,
        empty_label=_("choose, or name a new one"),
    )
    new_service = forms.CharField(label=_("Or a new service"), required=False, max_length=100)
    environment = forms.ModelChoiceField(
        Environment.objects.all(), label=_("Environment"), empty_label=_("choose")
    )
    title = forms.CharField(
        label=_("Title"),
        required=False,
        max_length=200,
        help_text=_("Leave empty to use the document's title."),
    )
    note = forms.CharField(
        label=_("Revision note"),
        required=False,
        max_length=200,
        help_text=_("Shown in the list of revisions."),
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        self.by = by
        super().__init__(*args, **kwargs)
        preselect_only(self, "environment")

    @property
    def is_empty(self) -> bool:
        """Whether the plan is to be written from nothing, step by step."""
        return "empty" in self.data

    def clean(self) -> dict[str, Any]:
        """One text, one service."""
        values = super().clean() or {}
        if self.is_empty and not values.get("title", "").strip():
            self.add_error("title", _("Enter a title for the plan that you want to write."))
        elif not self.is_empty and not values.get("text", "").strip() and not values.get("file"):
            self.add_error("text", _("Paste the plan here, or choose a file below."))
        if not values.get("service") and not values.get("new_service", "").strip():
            self.add_error(
                "service", _("Choose the service that this plan rolls back, or enter a new one.")
            )
        if values.get("file") and values["file"].size > LARGEST:
            self.add_error("file", _("A plan holds at most 256 KiB. Split it into several plans."))
        return values

    def save(self) -> Revision:
        """Keep the document. Raises plans.errors.UnreadablePlan."""
        values = self.cleaned_data
        return import_document(
            self._data(),
            by=self.by,
            service=values["service"] or name_service(values["new_service"].strip(), by=self.by),
            environment=values["environment"],
            title=values["title"],
            note=values["note"],
        )

    def _data(self) -> bytes:
        if self.is_empty:
            return f"# {' '.join(self.cleaned_data['title'].split())}\n".encode()
        upload = self.cleaned_data["file"]
        return upload.read() if upload else as_written(self.cleaned_data["text"])


class ReviseForm(ConsoleForm):
    """The next text of a plan."""

    text = forms.CharField(label=_("The plan, in Markdown"), strip=False, widget=_TEXT)
    note = forms.CharField(
        label=_("What changed, and why"), required=False, max_length=200, help_text=_("One line.")
    )

    drawn_from = forms.CharField(required=False, widget=forms.HiddenInput)

    def save(self, plan: Plan, *, by: User) -> Revision:
        """Keep it as the next revision. Raises PlanError."""
        data, values = as_written(self.cleaned_data["text"]), self.cleaned_data
        return revise(plan, data, by=by, note=values["note"], drawn_from=values["drawn_from"])


def as_written(text: str) -> bytes:
    """A browser sends CRLF for every line end (HTML, form submission); authors wrote LF."""
    return text.replace("\r\n", "\n").encode()
