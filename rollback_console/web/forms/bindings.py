"""Binding a plan's steps to hosts and values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from rollback_console.documents.model import Step
from rollback_console.plans import document_cache
from rollback_console.plans.actions.revisions import draw_revision
from rollback_console.plans.models import Environment, Host, HostGroup, Revision
from rollback_console.plans.snapshot.hidden_characters import HiddenPlace, list_hidden
from rollback_console.plans.snapshot.request_form import draw_request_form

from .base import ConsoleForm


@dataclass(frozen=True, slots=True)
class StepFields:
    """One step and its fields, for the page."""

    step: Step
    hosts: BoundField
    cwd: BoundField
    user: BoundField
    timeout: BoundField
    manual: BoundField


class BindingsForm(ConsoleForm):
    """Fields for the whole plan, for each step that runs something, and for known values."""

    hosts = forms.ChoiceField(
        label=_("Default hosts"),
        required=False,
        help_text=_("A host group or one host, for steps that name none."),
    )
    on_host = forms.CharField(
        label=_("Variables provided by the hosts"),
        required=False,
        help_text=_(
            "Names separated by spaces, such as DB_HOST DB_USER. No request asks for them."
        ),
    )
    time_limit = forms.IntegerField(
        label=_("Time limit of the whole rollback (minutes)"),
        required=False,
        min_value=1,
        max_value=7 * 24 * 60,
        help_text=_("After it, no further step starts until a person extends the time."),
    )

    def __init__(self, revision: Revision, data: Any = None) -> None:
        self.revision = revision
        self.steps = _runnable(revision)
        self.parameters = draw_request_form(revision).parameters
        self.hidden = {each.key: each for each in list_hidden(revision)}
        super().__init__(data, initial=_initial(revision, self.steps))
        places = _places(revision.plan.environment, _bound(revision))
        self.fields["drawn_from"] = forms.CharField(required=False, widget=forms.HiddenInput)
        self.initial["drawn_from"] = draw_revision(revision)
        _choices(self, "hosts", places)
        self.initial["hosts"] = self.initial["hosts"] or _only_place(revision.plan.environment)
        for step in self.steps:
            self._add_step(step, places)
        for parameter in self.parameters:
            self.fields[f"fact_{parameter.name}"] = forms.CharField(
                label=parameter.name, required=False, max_length=4096
            )

        for key, place in self.hidden.items():
            self.fields[f"confirmed_{key}"] = forms.BooleanField(
                label=_("{mark} ({name}) belongs there").format(
                    mark=place.hidden.mark, name=place.hidden.name
                ),
                required=False,
            )

    def by_hidden(self) -> list[tuple[HiddenPlace, BoundField]]:
        """Each character that nobody sees, with the field that confirms it."""
        return [(place, self[f"confirmed_{key}"]) for key, place in self.hidden.items()]

    def by_step(self) -> list[StepFields]:
        """The fields grouped by step, in the order of the document."""
        names = ("hosts", "cwd", "user", "timeout", "manual")
        return [
            StepFields(step, *(self[field_of(step, name)] for name in names)) for step in self.steps
        ]

    def by_parameter(self) -> list[tuple[Any, BoundField]]:
        """Each parameter with the field that holds its known value."""
        return [(each, self[f"fact_{each.name}"]) for each in self.parameters]

    def clean_on_host(self) -> str:
        """Only names that a shell would take."""
        value: str = self.cleaned_data["on_host"]
        for name in value.replace(",", " ").split():
            if not name.isidentifier() or not name.isascii():
                raise forms.ValidationError(
                    _("“{name}” is not a variable name: use letters, digits and _ only.").format(
                        name=name
                    )
                )
        return value

    def bindings(self) -> dict[str, Any]:
        """As Revision.bindings holds them; what is empty is left out."""
        values = self.cleaned_data
        facts = {each.name: values[f"fact_{each.name}"].strip() for each in self.parameters}
        steps = {step.key: self._step(step) for step in self.steps}
        return _full(
            {
                "hosts": values["hosts"],
                "on_host": values["on_host"].replace(",", " ").replace("$", "").split(),
                "time_limit": values["time_limit"],
                "steps": _full(steps),
                "facts": _full(facts),
                "confirmed_characters": [key for key in self.hidden if values[f"confirmed_{key}"]],
            }
        )

    def _step(self, step: Step) -> dict[str, Any]:
        names = ("hosts", "cwd", "user", "timeout", "manual")
        return _full({name: self.cleaned_data[field_of(step, name)] for name in names})

    def _add_step(self, step: Step, places: list[tuple[str, str]]) -> None:
        self.fields[field_of(step, "hosts")] = forms.ChoiceField(label=_("Hosts"), required=False)
        _choices(self, field_of(step, "hosts"), places)
        self.fields[field_of(step, "cwd")] = forms.CharField(
            label=_("Folder"), required=False, max_length=500
        )
        self.fields[field_of(step, "user")] = forms.RegexField(
            r"^[a-z_][a-z0-9_-]{0,31}\$?$",
            label=_("Account"),
            required=False,
            error_messages={
                "invalid": _("Enter the name of an account on the host, such as deploy.")
            },
        )
        self.fields[field_of(step, "timeout")] = forms.IntegerField(
            label=_("Timeout (seconds)"), required=False, min_value=1, max_value=86_400
        )
        self.fields[field_of(step, "manual")] = forms.BooleanField(
            label=_("Manual step"), required=False
        )


def field_of(step: Step, name: str) -> str:
    """The field's name: it says which step it is about, wherever that step stands by then."""
    return f"step-{step.key}-{name}"


def _runnable(revision: Revision) -> list[Step]:
    procedures = document_cache.document(revision).procedures
    steps = {step.key: step for each in procedures for step in each.steps if step.runs}
    return list(steps.values())


def _initial(revision: Revision, steps: list[Step]) -> dict[str, Any]:
    bound = revision.bindings
    initial: dict[str, Any] = {
        "hosts": bound.get("hosts", ""),
        "on_host": " ".join(bound.get("on_host", [])),
        "time_limit": bound.get("time_limit"),
        **{f"fact_{name}": value for name, value in bound.get("facts", {}).items()},
        **{f"confirmed_{key}": True for key in bound.get("confirmed_characters", [])},
    }
    for step in steps:
        for name, value in bound.get("steps", {}).get(step.key, {}).items():
            initial[field_of(step, name)] = value
    return initial


def _bound(revision: Revision) -> set[str]:
    steps = revision.bindings.get("steps", {}).values()
    return {revision.bindings.get("hosts", ""), *(each.get("hosts", "") for each in steps)} - {""}


def _places(environment: Environment, bound: set[str]) -> list[tuple[str, str]]:
    groups = HostGroup.objects.filter(environment=environment).prefetch_related("hosts")
    hosts = Host.objects.filter(environment=environment)
    choices = [(group.name, f"{group.name}: {_members(group)}") for group in groups]
    choices += [(host.name, host.name) for host in hosts]
    known = {name for name, _ in choices}
    return choices + [
        (name, _("{name} (unknown in this environment)").format(name=name))
        for name in sorted(bound - known)
    ]


def _only_place(environment: Environment) -> str:
    """The one group of hosts of the environment, or its one host; "" where there is a choice."""
    groups = HostGroup.objects.filter(environment=environment).values_list("name", flat=True)
    hosts = Host.objects.filter(environment=environment).values_list("name", flat=True)
    names = list(groups[:2]) or list(hosts[:2])
    return names[0] if len(names) == 1 else ""


def _members(group: HostGroup) -> str:
    return ", ".join(host.name for host in group.hosts.all()) or str(_("no hosts yet"))


def _choices(form: ConsoleForm, name: str, places: list[tuple[str, str]]) -> None:
    field = form.fields[name]
    if isinstance(field, forms.ChoiceField):
        empty = _("as the plan says") if name != "hosts" else _("none")
        field.choices = [("", empty), *places]


def _full(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", None, False, {}, [])}
