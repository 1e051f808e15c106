"""When nothing may be deployed."""

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
