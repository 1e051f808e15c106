"""A token for a program, as a person describes it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from rollback_console.access.tokens import LONGEST_DAYS

from .limits import LimitForm

SCOPES = [
    ("read", _("read: view plans, rollbacks and logs")),
    ("plans", _("plans: import and revise plans, load past incidents")),
    ("request", _("request: request and withdraw rollbacks, add notes")),
    ("operate", _("operate: start, pause, abort, answer, retry, skip, pin")),
    ("approve", _("approve: approve and reject on your behalf")),
    ("admin", _("admin: lift pins, change decision makers")),
    ("break_glass", _("break_glass: start without approval, if you have that right")),
]


class TokenForm(LimitForm):
    """Name, scopes and days; whatever its person may not do, the token may not do either."""

    name = forms.CharField(
        label=_("Program"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=SCOPES,
        initial=["read"],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )
    days = forms.IntegerField(
        label=_("Expires after (days)"), initial=90, min_value=1, max_value=LONGEST_DAYS
    )
    field_order = ["name", "scopes", "days"]
