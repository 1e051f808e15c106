"""What may be deployed: pins of versions, and windows in which nothing is."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from rollback_console.plans.models import Environment, Service

from .base import ConsoleForm
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


class PinForm(ConsoleForm):
    """Which version, and why nobody should deploy it."""

    version = forms.CharField(
        label=_("Version"), max_length=200, help_text=_("A commit, tag or number.")
    )
    reason = forms.CharField(label=_("Why it must not be deployed again"), max_length=1000)


class LiftForm(ConsoleForm):
    """Why a version may be deployed again."""

    reason = forms.CharField(label=_("Reason"), max_length=1000)
