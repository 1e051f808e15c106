"""What the console wants otherwise than django-allauth does by itself."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.adapter import get_adapter as account_adapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse

from rollback_console.access.second_factor import has_second_factor, known_providers
from rollback_console.plans.inventory.encrypted_field import cipher

from .freshness import fresh


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Admins make the accounts here, and what was proven minutes ago is not asked again."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_password": "That is not your password.",
        "rate_limited": "That were too many attempts. Wait five minutes and try again.",
        "too_many_login_attempts": "That were too many attempts. Wait five minutes and try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs themselves up."""
        return False

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        """A fresh sign-in is proof enough for second factors too."""
        return not fresh(self.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """How `user` can prove who they are: a second factor, where there is one, alone."""
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if has_second_factor(user):
            ways = [way for way in ways if way["id"] != "reauthenticate"]
            ways.sort(key=lambda way: way["id"] != "mfa_reauthenticate:webauthn")
        elif known_providers(user):
            ways.append(
                {
                    "id": "provider",
                    "description": "Sign in again where you come from",
                    "url": reverse("confirm-provider"),
                }
            )
        return ways

    def send_notification_mail(self, *_: Any, **__: Any) -> None:
        """No mail is sent about one's own account."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps the seeds of second factors under the master keys."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "That code is not right, or it was used already.",
    }

    def encrypt(self, text: str) -> str:
        """As stored: a Fernet token."""
        return cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """As made. Raises InvalidToken when no master key fits."""
        return cipher().decrypt(encrypted_text.encode()).decode()


def address_of(request: HttpRequest) -> str | None:
    """The client's IP address, past as many proxies as TRUSTED_PROXIES says; None for unknown."""
    try:
        address: str = account_adapter(request).get_client_ip(request)
    except PermissionDenied:
        return None
    return address
