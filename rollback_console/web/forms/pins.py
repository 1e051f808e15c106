"""Pinning a bad version."""

from __future__ import annotations

from django import forms

from .base import ConsoleForm


class PinForm(ConsoleForm):
    """Which version, and why nobody should deploy it."""

    version = forms.CharField(label="Version", max_length=200, help_text="A commit, tag or number.")
    reason = forms.CharField(label="Why it must not be deployed again", max_length=1000)


class LiftForm(ConsoleForm):
    """Why a version may be deployed again."""

    reason = forms.CharField(max_length=1000)
