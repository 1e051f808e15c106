"""Where messages and issues go, and who may propose rollbacks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rollback_console.outbox.actions.targets import RECORDED as TARGET_FIELDS
from rollback_console.outbox.models import Target
from rollback_console.outbox.topics import TOPICS
from rollback_console.plans.models import Environment, Plan, Service
from rollback_console.postmortems.models import IssueTracker
from rollback_console.proposals.actions.integrations import RECORDED as INTEGRATION_FIELDS
from rollback_console.proposals.models import Integration

from .base import ConsoleForm, DrawnForm


class TargetForm(DrawnForm, ConsoleForm):
    """A target. Its URL is only ever written: empty keeps what is there."""

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("Such as Ops channel."))
    url = forms.CharField(
        label=_("URL"),
        max_length=2000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "<code>https://…</code> for a signed webhook, or an Apprise URL such as "
            "<code>slack://…</code>, <code>workflows://…</code> (Teams), <code>mailtos://…</code>. "
            "Never shown again."
        ),
    )
    environment = forms.ModelChoiceField(
        Environment.objects.all(),
        label=_("Environment"),
        required=False,
        empty_label=_("all of them"),
    )
    topics = forms.MultipleChoiceField(
        choices=[(name, _(text)) for name, text in TOPICS.items()],
        label=_("Events"),
        widget=forms.CheckboxSelectMultiple,
    )
    personal = forms.BooleanField(
        label=_("E-mail the people concerned: the current escalation level, an action's owner"),
        required=False,
    )
    is_active = forms.BooleanField(label=_("Enabled"), required=False, initial=True)

    def __init__(self, target: Target | None, *args: Any, **kwargs: Any) -> None:
        if target is not None:
            kept = ("name", "environment", "topics", "personal", "is_active")
            kwargs["initial"] = {name: getattr(target, name) for name in kept}
        super().__init__(*args, **kwargs)
        self.target = target
        if target is not None:
            self.draw_from(target, *TARGET_FIELDS)
            self.fields["url"].required = False
            self.fields["url"].help_text = format_html(
                gettext("Now <code>{}</code>. Leave empty to keep it."), target.shown
            )
        else:
            del self.fields["is_active"]

    def clean_name(self) -> str:
        """One target of a name."""
        name: str = self.cleaned_data["name"].strip()
        others = Target.objects.exclude(pk=self.target.pk if self.target else 0)
        if others.filter(name=name).exists():
            raise forms.ValidationError(_("A channel with this name already exists."))
        return name

    def values(self) -> dict[str, Any]:
        """What the actions take, from a valid form."""
        return dict(self.cleaned_data)


class IntegrationForm(DrawnForm, ConsoleForm):
    """A program that proposes rollbacks or tells of deployments.

    Its kind and environment stay as they were made.
    """

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Such as Alertmanager, Europe.")
    )
    kind = forms.ChoiceField(
        label=_("Sends as"), choices=[(name, _(text)) for name, text in Integration.KINDS]
    )
    environment = forms.ModelChoiceField(
        Environment.objects.all(), label=_("Environment"), empty_label=_("choose")
    )
    plan = forms.ModelChoiceField(
        Plan.objects.select_related("environment"),
        label=_("Plan"),
        required=False,
        empty_label=_("the one that the alert names, or its service has"),
        help_text=_("An alert's label <code>rollback_plan</code> names another one."),
    )

    def __init__(self, integration: Integration | None, *args: Any, **kwargs: Any) -> None:
        if integration is not None:
            kwargs["initial"] = {"name": integration.name, "plan": integration.plan}
        super().__init__(*args, **kwargs)
        self.integration = integration
        if integration is not None:
            self.draw_from(integration, *INTEGRATION_FIELDS)
            del self.fields["kind"], self.fields["environment"]
            plan = self.fields["plan"]
            assert isinstance(plan, forms.ModelChoiceField)  # noqa: S101  declared above
            plan.queryset = Plan.objects.filter(environment=integration.environment)

    def clean_name(self) -> str:
        """One integration of a name."""
        name: str = self.cleaned_data["name"].strip()
        known = Integration.objects.exclude(pk=self.integration.pk if self.integration else 0)
        if known.filter(name=name).exists():
            raise forms.ValidationError(_("An integration with this name already exists."))
        return name


class IssueTrackerForm(ConsoleForm):
    """Where issues for action items are opened."""

    kind = forms.ChoiceField(label=_("Issue tracker"), choices=IssueTracker.KINDS)
    project = forms.CharField(
        label=_("Project"),
        max_length=300,
        help_text=_(
            "Its address as the browser shows it, such as <code>https://github.com/acme/shop</code>"
            " or <code>https://acme.atlassian.net/browse/SHOP</code>."
        ),
    )
    service = forms.ModelChoiceField(
        Service.objects.all(),
        label=_("Service"),
        required=False,
        empty_label=_("every service without one of its own"),
    )
    account = forms.CharField(
        label=_("Account"),
        max_length=200,
        required=False,
        help_text=_("For Jira in the cloud: the e-mail address whose token it is."),
    )
    token = forms.CharField(
        label=_("Token"),
        max_length=2000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "One that may open issues in this project and nothing else. Never shown again."
        ),
    )
