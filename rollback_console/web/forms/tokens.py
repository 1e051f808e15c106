"""A token for a program, as a person describes it."""

from __future__ import annotations

from django import forms

from rollback_console.access.tokens import LONGEST_DAYS

from .limits import LimitForm

SCOPES = [
    ("read", "read: view plans, rollbacks and logs"),
    ("plans", "plans: import and revise plans, load past incidents"),
    ("request", "request: request and withdraw rollbacks, add notes"),
    ("operate", "operate: start, pause, abort, answer, retry, skip, pin"),
    ("approve", "approve: approve and reject on your behalf"),
    ("admin", "admin: lift pins, change decision makers"),
    ("break_glass", "break_glass: start without approval, if you have that right"),
]


class TokenForm(LimitForm):
    """Name, scopes and days; whatever its person may not do, the token may not do either."""

    name = forms.CharField(
        label="Program",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label="Scopes",
        choices=SCOPES,
        initial=["read"],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )
    days = forms.IntegerField(
        label="Expires after (days)", initial=90, min_value=1, max_value=LONGEST_DAYS
    )
    field_order = ["name", "scopes", "days"]
