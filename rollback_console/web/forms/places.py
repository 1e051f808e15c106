"""Services, environments, host groups and who decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from rollback_console.documents.shell.reserved_names import reserved_reason
from rollback_console.plans.models import DecisionMaker, Environment, Service
from rollback_console.plans.readiness.targets import (
    folder_problems,
    page_host_problems,
    server_problems,
)

from .base import ConsoleForm, DrawnForm, PersonField, Undecorated


class ServiceForm(Undecorated, forms.ModelForm):  # type: ignore[type-arg]
    """A service's name and its slug in URLs."""

    class Meta:
        model = Service
        fields = ["name", "slug"]
        labels = {"name": _("Name"), "slug": _("URL slug")}
        help_texts = {"slug": _("Lower-case letters, digits and dashes, such as checkout.")}


class EnvironmentForm(DrawnForm, forms.ModelForm):  # type: ignore[type-arg]
    """An environment with the rules of approval that hold there."""

    class Meta:
        model = Environment
        fields = [
            "name",
            "slug",
            "is_production",
            "approvals_code",
            "approvals_data",
            "data_role",
            "request_expires",
            "start_expires",
            "escalate_after",
            "remind_before",
            "readiness_rule",
            "second_admin",
            "second_person",
            "database_servers",
            "page_hosts",
            "file_folders",
            "zone",
            "rehearses",
        ]
        labels = {
            "name": _("Name"),
            "zone": _("Zone"),
            "slug": _("URL slug"),
            "is_production": _("Production (decision makers must type the environment's name)"),
            "approvals_code": _("Approvals required for code only"),
            "approvals_data": _("Approvals required when data is at risk"),
            "data_role": _("Role required when data is at risk"),
            "request_expires": _("Approval timeout (minutes)"),
            "start_expires": _("Start timeout after approval (minutes)"),
            "escalate_after": _("Escalate after (minutes)"),
            "readiness_rule": _("When preflight checks fail"),
            "second_person": _("Two people to skip, override or confirm a destructive step"),
            "database_servers": _("Database servers that preflight checks may sign in to"),
            "page_hosts": _("Web hosts that preflight checks may request pages from"),
            "file_folders": _("Folders whose files preflight checks may measure"),
            "second_admin": _("Two Admins to weaken the approval rules"),
            "rehearses": _("Rehearsal environment for"),
            "remind_before": _("Remind decision makers before expiry (minutes)"),
        }
        help_texts = {
            "data_role": _("Such as DevOps Lead. Leave empty for any decision maker."),
            "remind_before": _("A second reminder follows at a third of that time. 0 sends none."),
            "second_person": _(
                "The second person gives the same answer as the first. The requester "
                "of a rollback cannot publish its postmortem alone either."
            ),
            "database_servers": _(
                "One per line, such as db1:3306. A local socket is always allowed."
            ),
            "page_hosts": _(
                "One per line, such as shop.example.org or shop.example.org:8443. The "
                "environment's hosts and localhost are always allowed."
            ),
            "file_folders": _(
                "One per line, such as /var/backups. Only size and age are read, and "
                "no symbolic link is followed."
            ),
            "second_admin": _(
                "Another Admin must confirm: break-glass rights, adding oneself or an "
                "account younger than a day as a decision maker, lowering the number of approvals, "
                "and resetting the password or second factor of, or reactivating, a person who can "
                "weaken the approval rules. It can be switched off only on the server."
            ),
            "zone": _(
                "A name such as dmz: only workers and sweepers with ZONES=dmz connect to its "
                "hosts. Leave empty for those without ZONES."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["second_person"].required = False  # left out, it stays as it is
        self.draw_from(self.instance)

    def clean_database_servers(self) -> str:
        """Each line is host:port."""
        return _lines(self.cleaned_data["database_servers"], server_problems)

    def clean_page_hosts(self) -> str:
        """Each line is a host, with or without a port."""
        return _lines(self.cleaned_data["page_hosts"], page_host_problems)

    def clean_file_folders(self) -> str:
        """Each line is an absolute folder."""
        return _lines(self.cleaned_data["file_folders"], folder_problems)

    def clean(self) -> dict[str, Any]:
        """Nothing may run unapproved, and data needs no fewer people than code."""
        values = super().clean() or {}
        code, data = values.get("approvals_code"), values.get("approvals_data")
        if code == 0:
            self.add_error("approvals_code", _("At least one person must approve."))
        if code is not None and data is not None and data < code:
            self.add_error("approvals_data", _("At least as many as for code only."))
        if not values.get("second_person"):
            values.pop("second_person", None)
        return values


def _lines(text: str, problems: Callable[[str], list[str]]) -> str:
    """The lines that are not blank. Raises ValidationError with what is wrong in them."""
    kept = "\n".join(line.strip() for line in text.splitlines() if line.strip())
    if wrong := problems(kept):
        raise forms.ValidationError(wrong)
    return kept


class DecisionMakerForm(Undecorated, forms.ModelForm):  # type: ignore[type-arg]
    """Who decides in an environment, as what, and on which rung of the ladder."""

    user = PersonField(User.objects.filter(is_active=True).order_by("username"), label=_("Person"))

    class Meta:
        model = DecisionMaker
        fields = ["user", "role", "rung"]
        labels = {"role": _("Role"), "rung": _("Escalation level")}
        help_texts = {"rung": _("Level 1 is asked first.")}

    def __init__(self, environment: Environment, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.environment = environment

    def clean_user(self) -> User:
        """A person decides once per environment."""
        user: User = self.cleaned_data["user"]
        if self.instance.environment.decision_makers.filter(user=user).exists():
            raise forms.ValidationError(
                _("This person is a decision maker here already. Change their entry instead.")
            )
        return user


class RungForm(DrawnForm, forms.ModelForm):  # type: ignore[type-arg]
    """Another role or rung for who decides already."""

    class Meta:
        model = DecisionMaker
        fields = ["role", "rung"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.draw_from(self.instance)


class SecretForm(ConsoleForm):
    """A secret is written and never shown; writing it again replaces it."""

    name = forms.RegexField(
        r"^[A-Za-z_][A-Za-z0-9_]*$",
        label=_("Name"),
        max_length=100,
        help_text=_("As commands read it, such as DB_PASSWORD."),
        error_messages={"invalid": _("Letters, digits and _ only, and no digit first.")},
    )
    value = forms.CharField(
        label=_("Value"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        min_length=6,
        help_text=_("At least 6 characters: anything shorter cannot be masked in logs."),
    )

    def clean_name(self) -> str:
        """The name, unless a shell or a loader reads it."""
        name = str(self.cleaned_data["name"])
        if reason := reserved_reason(name):
            raise forms.ValidationError(reason)
        return name


class HostGroupForm(ConsoleForm):
    """A name that plans use for several hosts."""

    name = forms.SlugField(label=_("Name"), help_text=_("Such as app or db."))


class WhoForm(ConsoleForm):
    """The question “who could approve now?”."""

    asks = PersonField(
        User.objects.filter(is_active=True).order_by("username"), label=_("Requester")
    )
    risk = forms.ChoiceField(
        label=_("Risk"), choices=[("code", _("code only")), ("data", _("data at risk"))]
    )
