"""What may be deployed: pins of versions, and windows in which nothing is."""

from __future__ import annotations

from django import forms

from rollback_console.plans.models import Environment, Service

from .base import ConsoleForm
from .postmortems import MomentInput


class FreezeWindowForm(ConsoleForm):
    """Where, why, and from when until when."""

    environment = forms.ModelChoiceField(Environment.objects.all(), label="Environment")
    service = forms.ModelChoiceField(
        Service.objects.all(), label="Service", required=False, empty_label="all services"
    )
    reason = forms.CharField(
        label="Reason", max_length=200, help_text="Pipelines that ask are shown it."
    )
    starts_at = forms.DateTimeField(label="From (UTC)", widget=MomentInput())
    ends_at = forms.DateTimeField(label="Until (UTC)", widget=MomentInput())


class PinForm(ConsoleForm):
    """Which version, and why nobody should deploy it."""

    version = forms.CharField(label="Version", max_length=200, help_text="A commit, tag or number.")
    reason = forms.CharField(label="Why it must not be deployed again", max_length=1000)


class LiftForm(ConsoleForm):
    """Why a version may be deployed again."""

    reason = forms.CharField(max_length=1000)
