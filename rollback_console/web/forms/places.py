"""Services, environments, host groups and who decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.auth.models import User

from rollback_console.documents.shell.reserved_names import reserved_reason
from rollback_console.plans.models import DecisionMaker, Environment, Service
from rollback_console.plans.readiness.targets import (
    folder_problems,
    page_host_problems,
    server_problems,
)

from .base import ConsoleForm, DrawnForm, PersonField, Undecorated


class ServiceForm(Undecorated, forms.ModelForm):  # type: ignore[type-arg]
    """A service's name and its word in addresses."""

    class Meta:
        model = Service
        fields = ["name", "slug"]
        labels = {"slug": "Word in addresses"}
        help_texts = {"slug": "Lower case, digits and dashes, such as checkout."}


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
            "slug": "Word in addresses",
            "is_production": "This is production: its name is typed before anything is approved",
            "approvals_code": "Approvals, when only code is rolled back",
            "approvals_data": "Approvals, when data is at risk",
            "data_role": "Role that must agree to data risk",
            "request_expires": "Minutes to decide",
            "start_expires": "Minutes to start after approval",
            "escalate_after": "Minutes until the next rung is asked",
            "readiness_rule": "When the hosts say that it would not work",
            "second_person": "Two people leave out, go past or open a destructive step",
            "database_servers": "Database servers that hosts may sign in to beforehand",
            "page_hosts": "Hosts whose pages may be opened beforehand",
            "file_folders": "Folders whose files may be measured beforehand",
            "second_admin": "Two Admins for what eases an approval",
            "rehearses": "This is where rollbacks are rehearsed for",
            "remind_before": "Minutes before the end when those asked are reminded",
        }
        help_texts = {
            "data_role": "Such as DevOps Lead; empty: any decision maker.",
            "remind_before": "Once more at a third of that; 0: never.",
            "second_person": "The second asks for the same as the first. Whoever asked for a "
            "rollback does not publish its postmortem alone either.",
            "database_servers": "One a line, such as db1:3306. A local socket is always allowed.",
            "page_hosts": "One a line, such as shop.example.org or shop.example.org:8443. The "
            "environment's hosts, and localhost, always may be.",
            "file_folders": "One a line, such as /var/backups: only size and age, of files that "
            "lie there for real.",
            "second_admin": "Granting break-glass, naming oneself or an account younger than a day "
            "as a decision maker, lowering how many must agree, and resetting the password or "
            "second factor of whoever can ease an approval, or letting them in again, wait for "
            "another Admin. It is switched off on the server alone.",
            "zone": "A word such as dmz: only workers and sweepers with ZONES=dmz sign in to its "
            "hosts and ask them. Empty: those without ZONES.",
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
            self.add_error("approvals_code", "At least one person must approve.")
        if code is not None and data is not None and data < code:
            self.add_error("approvals_data", "Not fewer than for code only.")
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

    user = PersonField(User.objects.filter(is_active=True).order_by("username"), label="Person")

    class Meta:
        model = DecisionMaker
        fields = ["user", "role", "rung"]
        help_texts = {"rung": "1 is asked first."}

    def __init__(self, environment: Environment, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.environment = environment

    def clean_user(self) -> User:
        """A person decides once per environment."""
        user: User = self.cleaned_data["user"]
        if self.instance.environment.decision_makers.filter(user=user).exists():
            raise forms.ValidationError("They decide here already. Remove them first to change it.")
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
        label="Name",
        max_length=100,
        help_text="As commands read it, such as DB_PASSWORD.",
        error_messages={"invalid": "Letters, digits and _ only, and no digit first."},
    )
    value = forms.CharField(
        label="Value",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        min_length=6,
        help_text="At least 6 characters: anything shorter cannot be masked in logs.",
    )

    def clean_name(self) -> str:
        """The name, unless a shell or a loader reads it."""
        name = str(self.cleaned_data["name"])
        if reason := reserved_reason(name):
            raise forms.ValidationError(reason)
        return name


class HostGroupForm(ConsoleForm):
    """A name that plans use for several hosts."""

    name = forms.SlugField(label="Name", help_text="Such as app or db.")


class WhoForm(ConsoleForm):
    """The question “who could approve now?”."""

    asks = PersonField(
        User.objects.filter(is_active=True).order_by("username"), label="If this person asks"
    )
    risk = forms.ChoiceField(label="For", choices=[("code", "code only"), ("data", "data at risk")])
