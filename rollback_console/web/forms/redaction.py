"""The form that masks a text by hand."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from rollback_console.common.text import LONGEST_TEXT

from .base import ConsoleForm


class RedactionForm(ConsoleForm):
    """The text is never shown again, and goes on record nowhere."""

    text = forms.CharField(
        label=_("Text to mask"),
        strip=False,
        max_length=LONGEST_TEXT,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_(
            "As the host wrote it, at least 6 characters. Its quoted and encoded forms are "
            "masked too."
        ),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It goes on record: say what it was, not the text itself."),
    )
