"""The forms of signing in, of a new authenticator app and of one's own password."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter as account_adapter
from allauth.account.forms import LoginForm
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import TOTP
from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.utils.translation import gettext_lazy as _


class SignInForm(LoginForm):  # type: ignore[misc]
    """Name and password; the name travels as `username`, as password managers expect."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("remember", None)
        self.fields["login"].label = _("Name")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        self.fields["login"].widget.attrs.update(autocapitalize="none", autofocus=True)

    def add_prefix(self, field_name: str) -> str:
        prefixed: str = super().add_prefix("username" if field_name == "login" else field_name)
        return prefixed


class AddAppForm(ActivateTOTPForm):  # type: ignore[misc]
    """The code that proves a new app: used up by that, so that it signs nobody in afterwards."""

    def clean_code(self) -> str:
        """The code. Raises ValidationError."""
        code: str = super().clean_code()
        app = TOTP(Authenticator(user=self.user, type=Authenticator.Type.TOTP))
        if not app._mark_code_used(code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class OwnPasswordForm(PasswordChangeForm):
    """A new password in exchange for the old one, whose guesses count as those of a sign-in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The form stands at the end of a page that begins with something else.
        self.fields["old_password"].widget.attrs.pop("autofocus", None)

    def clean_old_password(self) -> str:
        """The old password. Raises ValidationError."""
        typed: str = self.cleaned_data["old_password"]
        if not account_adapter().reauthenticate(self.user, typed):
            raise forms.ValidationError(_("Wrong password."))
        return typed
