"""The forms of passkeys: whatever a browser sends in place of a passkey is refused in a sentence.

django-allauth takes what is no JSON, or no answer of an authenticator, for granted in places.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

LONGEST_NAME = 100

# What readers of JSON, base64, CBOR and keys raise for what is none.
_UNREADABLE = (
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError),
    *(RecursionError, NotImplementedError, struct.error),
)


class CredentialField(forms.JSONField):
    """What an authenticator answered, of the kind that is asked for."""

    def __init__(self, kind: type[AuthenticationResponse | RegistrationResponse]) -> None:
        super().__init__(required=True, widget=forms.HiddenInput)
        self.kind = kind

    def to_python(self, value: Any) -> Any:
        """The answer as a dictionary. Raises ValidationError."""
        with refuse_unreadable():
            credential = super().to_python(value)
            if credential is not None:
                self.kind.from_dict(credential)
            return credential

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Nothing: an answer counts once, and the page asks for another."""
        return None


@contextmanager
def refuse_unreadable() -> Iterator[None]:
    """Raise ValidationError, as for a passkey that does not fit, for what cannot be read."""
    try:
        yield
    except _UNREADABLE as error:
        raise get_adapter().validation_error("incorrect_code") from error


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey, and how it is called."""

    name = forms.CharField(required=False, max_length=LONGEST_NAME)
    credential = CredentialField(RegistrationResponse)

    def clean(self) -> dict[str, Any]:
        """The fields. Raises ValidationError."""
        with refuse_unreadable():
            cleaned: dict[str, Any] = super().clean()
            return cleaned


class RenamePasskeyForm(EditWebAuthnForm):  # type: ignore[misc]
    """Another name of a passkey."""

    name = forms.CharField(required=True, max_length=LONGEST_NAME)


class _ReadsPasskey(forms.Form):
    credential = CredentialField(AuthenticationResponse)

    def clean_credential(self) -> Authenticator:
        """Whose passkey it is. Raises ValidationError."""
        with refuse_unreadable():
            return super().clean_credential()  # type: ignore[misc]


class SecondStepPasskeyForm(_ReadsPasskey, AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey after the password."""


class SignInPasskeyForm(_ReadsPasskey, LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey alone."""


class ProofPasskeyForm(_ReadsPasskey, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey as proof of who acts."""
