"""Where a token or a group holds, as a person chooses it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from rollback_console.access.scope_limits import ScopeLimit
from rollback_console.plans.models import Environment, Service
from rollback_console.rollbacks.permissions.groups import ADMIN, OPERATOR, ROLES

from .base import ConsoleForm


class LimitForm(ConsoleForm):
    """Environments and services; none of a kind chosen is all of it."""

    environments = forms.ModelMultipleChoiceField(
        Environment.objects.order_by("name"),
        to_field_name="slug",
        label=_("Only in these environments"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Choose none for all environments, including future ones."),
    )
    services = forms.ModelMultipleChoiceField(
        Service.objects.order_by("name"),
        to_field_name="slug",
        label=_("Only for these services"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Choose none for all services."),
    )

    def clean(self) -> dict[str, Any]:
        """Both as one `limit`."""
        cleaned = super().clean() or {}
        chosen = {name: cleaned.pop(name, ()) for name in ("environments", "services")}
        slugs = {name: [each.slug for each in rows] for name, rows in chosen.items()}
        return {**cleaned, "limit": ScopeLimit.of(**slugs)}


class GroupLimitForm(LimitForm):
    """A new group: the rights of a role, within a limit."""

    name = forms.CharField(
        label=_("Name"), max_length=150, help_text=_("Such as Staging operators.")
    )
    like = forms.ChoiceField(
        label=_("With the rights of"), choices=[(role, role) for role in ROLES], initial=ROLES[1]
    )
    field_order = ["name", "like"]


class GroupHeirForm(ConsoleForm):
    """Where the people of a group go that is removed."""

    move_to = forms.ModelChoiceField(
        Group.objects.none(), label=_("Its people go into"), empty_label=None
    )

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Group.objects.exclude(pk=group.pk).exclude(name=ADMIN).order_by("name")
        field = self.fields["move_to"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  as declared above
        field.queryset = others
        self.initial["move_to"] = others.filter(name=OPERATOR).first()
