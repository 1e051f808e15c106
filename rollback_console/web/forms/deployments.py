"""What may be deployed: pins and freeze windows; and when it is rolled back: triggers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from rollback_console.deployments.actions.overrides import LONGEST_HOURS
from rollback_console.documents.checklists.kinds import TITLES
from rollback_console.documents.markdown.source import LIMIT
from rollback_console.documents.triggers import (
    WARNING,
    TriggerWords,
    is_health_check,
    read_threshold,
)
from rollback_console.plans.models import Environment, Service
from rollback_console.watch.actions.triggers import FIELDS
from rollback_console.watch.models import KINDS, SEVERITIES, Trigger

from .base import ConsoleForm, DrawnForm, PersonField
from .plans import as_written
from .postmortems import MomentInput


class FreezeWindowForm(ConsoleForm):
    """Where, why, and from when until when."""

    environment = forms.ModelChoiceField(Environment.objects.all(), label=_("Environment"))
    service = forms.ModelChoiceField(
        Service.objects.all(), label=_("Service"), required=False, empty_label=_("all services")
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("Pipelines that ask are shown it.")
    )
    starts_at = forms.DateTimeField(label=_("From (UTC)"), widget=MomentInput())
    ends_at = forms.DateTimeField(label=_("Until (UTC)"), widget=MomentInput())


class OverrideForm(ConsoleForm):
    """Which version may be deployed all the same, why, and for how long."""

    service = forms.ModelChoiceField(Service.objects.all(), label=_("Service"))
    environment = forms.ModelChoiceField(Environment.objects.all(), label=_("Environment"))
    version = forms.CharField(
        label=_("Version"), max_length=200, help_text=_("A commit, tag or number.")
    )
    reason = forms.CharField(label=_("Reason"), max_length=1000)
    hours = forms.IntegerField(
        label=_("For (hours)"), min_value=1, max_value=LONGEST_HOURS, initial=1
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="id_override_%s")


class DocumentForm(ConsoleForm):
    """One of the documents of a deployment, uploaded or pasted."""

    file = forms.FileField(
        label=_("File"), required=False, help_text=_("Markdown, at most 256 KiB.")
    )
    text = forms.CharField(
        label=_("Or its text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    kind = forms.ChoiceField(
        label=_("What it is"),
        required=False,
        choices=[("", _("as its title says")), *TITLES.items()],
    )

    def clean(self) -> dict[str, Any]:
        """One text that is not too long to be read at all."""
        values = super().clean() or {}
        if not values.get("file") and not values.get("text", "").strip():
            self.add_error("file", _("Choose a file, or paste the text below."))
        elif values.get("file") and values["file"].size > LIMIT:
            self.add_error("file", _("A document holds at most 256 KiB."))
        return values

    def data_of_document(self) -> bytes:
        """What was uploaded, else what was pasted."""
        upload = self.cleaned_data["file"]
        return bytes(upload.read()) if upload else as_written(self.cleaned_data["text"])


class SignerForm(ConsoleForm):
    """Who signs."""

    person = PersonField(User.objects.filter(is_active=True), label=_("Who signs"))


class PinForm(ConsoleForm):
    """Which version, and why nobody should deploy it."""

    version = forms.CharField(
        label=_("Version"), max_length=200, help_text=_("A commit, tag or number.")
    )
    reason = forms.CharField(label=_("Why it must not be deployed again"), max_length=1000)


class LiftForm(ConsoleForm):
    """Why a version may be deployed again."""

    reason = forms.CharField(label=_("Reason"), max_length=1000)


def _translated(choices: list[tuple[str, str]]) -> list[tuple[str, Any]]:
    return [(value, _(label)) for value, label in choices]


_PROBE_FIELDS = {
    "http": {"url": "url", "status": "status", "text": "holds", "seconds": "seconds"},
    "prometheus": {
        "server": "server",
        "query": "query",
        "limit": "limit",
        "above": "above",
        "against": "against",
    },
}
"""By kind, the fields of its probe and what they are called here."""

_SIDES = [("above", _("above the limit")), ("below", _("below the limit"))]


class TriggerForm(DrawnForm, ConsoleForm):
    """One form for every kind; the fields of the others are passed over."""

    text = forms.CharField(label=_("Roll back when"), max_length=300)
    severity = forms.ChoiceField(label=_("Severity"), choices=_translated(SEVERITIES))
    automatic = forms.ChoiceField(
        label=_("When it fires"),
        choices=[
            ("yes", _("a rollback is proposed")),
            ("no", _("it is shown, and a person decides")),
        ],
        help_text=_("A warning is shown alone. Nothing is ever approved or run by a trigger."),
    )
    every = forms.IntegerField(
        label=_("Look every (seconds)"),
        min_value=10,
        max_value=3600,
        help_text=_("In the first half hour; then ever less often, for a week."),
    )
    failures = forms.IntegerField(
        label=_("Failures in a row until it fires"), min_value=1, max_value=20
    )
    kind = forms.ChoiceField(
        label=_("Look at"), choices=_translated(KINDS), widget=forms.RadioSelect
    )
    url = forms.CharField(label=_("Address of the page"), max_length=500, required=False)
    status = forms.IntegerField(label=_("Status when all is well"), required=False)
    holds = forms.CharField(label=_("Text that it holds"), max_length=200, required=False)
    seconds = forms.FloatField(
        label=_("It takes at most (seconds)"),
        required=False,
        min_value=0,
        help_text=_("0: any time"),
    )
    server = forms.CharField(label=_("Prometheus server"), max_length=500, required=False)
    query = forms.CharField(
        label=_("Query"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It answers one value. Aggregate, such as with sum or max."),
    )
    above = forms.ChoiceField(label=_("It is bad"), choices=_SIDES, required=False)
    against = forms.ChoiceField(
        label=_("The limit is"),
        required=False,
        choices=[
            ("limit", _("this value")),
            ("before", _("this many percent off the hour before the deployment")),
        ],
    )
    limit = forms.FloatField(label=_("Limit"), required=False)

    def __init__(self, data: Any = None, *, trigger: Trigger | None = None, **kwargs: Any) -> None:
        if trigger is not None:
            kwargs["initial"] = _initial_of(trigger)
        super().__init__(data, **kwargs)
        if trigger is not None:
            self.draw_from(trigger, *FIELDS)

    @property
    def common_fields(self) -> list[forms.BoundField]:
        """Those that every trigger has."""
        return [self[name] for name in ("text", "severity", "automatic", "every", "failures")]

    @property
    def http_fields(self) -> list[forms.BoundField]:
        """Those of an HTTP check."""
        return [self[name] for name in _PROBE_FIELDS["http"].values()]

    @property
    def prometheus_fields(self) -> list[forms.BoundField]:
        """Those of a Prometheus query."""
        return [self[name] for name in _PROBE_FIELDS["prometheus"].values()]

    def trigger_fields(self) -> dict[str, Any]:
        """What the actions of triggers take; what was left empty takes its default."""
        given = self.cleaned_data
        probe = {
            name: given[field]
            for name, field in _PROBE_FIELDS[given["kind"]].items()
            if given[field] not in (None, "")
        }
        if "above" in probe:
            probe["above"] = probe["above"] == "above"
        fields = {name: given[name] for name in ("text", "severity", "kind", "every", "failures")}
        return {**fields, "automatic": given["automatic"] == "yes", "probe": probe}


def initial_of_words(words: TriggerWords) -> dict[str, Any]:
    """What a line lets one fill in: a number is a limit, a time that of a page."""
    threshold = read_threshold(words.text)
    initial = {
        **_DEFAULTS,
        "text": words.text,
        "severity": words.severity,
        "automatic": "yes" if words.automatic and words.severity != WARNING else "no",
        "kind": "prometheus" if threshold and threshold.unit != "s" else "http",
    }
    if threshold is None:
        return initial if is_health_check(words.text) else {**initial, "kind": ""}
    if threshold.unit == "s":
        return {**initial, "seconds": threshold.number}
    side = "above" if threshold.above else "below"
    against = "before" if "degrad" in words.text.casefold() else "limit"
    return {**initial, "limit": threshold.number, "above": side, "against": against}


_DEFAULTS = {"every": 30, "failures": 3, "status": 200, "seconds": 0}


def _initial_of(trigger: Trigger) -> dict[str, Any]:
    names = _PROBE_FIELDS[trigger.kind]
    probe = {names[name]: value for name, value in trigger.probe.items() if name in names}
    if "above" in probe:
        probe["above"] = "above" if probe["above"] else "below"
    common = {name: getattr(trigger, name) for name in FIELDS if name not in {"probe", "automatic"}}
    return {**_DEFAULTS, **common, "automatic": "yes" if trigger.automatic else "no", **probe}


class TriggerDocumentForm(ConsoleForm):
    """A document that says when to roll back."""

    document = forms.CharField(
        label=_("Deployment or monitoring plan"),
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_(
            "Its lists under Alerts, Thresholds and Rollback Triggers are read. "
            "Nothing of it is kept."
        ),
    )
