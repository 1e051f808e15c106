"""What the console wants otherwise than django-allauth does by itself."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from rollback_console.access.attempts import claim_attempt, remaining_wait, settle_success
from rollback_console.access.second_factor import has_second_factor, known_providers
from rollback_console.plans.inventory.encrypted_field import cipher

from .devices import attempt_of
from .freshness import fresh
from .records import record_delay, record_wrong_password


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Admins make the accounts here, and what was proven minutes ago is not asked again."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_password": "Wrong password.",
        "rate_limited": "Too many attempts. Wait five minutes and try again.",
        "too_many_login_attempts": "Too many attempts. Wait five minutes and try again.",
    }

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the password before it is looked at. Answers 429 to whoever has to wait."""
        if wait := claim_attempt(attempt_of(request, credentials.get("username", ""))):
            raise ImmediateHttpResponse(_too_many(request, wait))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """The person whose password this is, else None."""
        user = super().authenticate(request, **credentials)
        if user is not None:
            settle_success(attempt_of(request, credentials.get("username", "")))
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """A password did not fit: it stays counted, and goes on record."""
        name = credentials.get("username", "")
        record_wrong_password(request, name)
        if wait := remaining_wait(attempt_of(request, name)):
            record_delay(name, wait)

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
        "incorrect_code": "This code is wrong, or was used already.",
    }

    def encrypt(self, text: str) -> str:
        """As stored: a Fernet token."""
        return cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """As made. Raises InvalidToken when no master key fits."""
        return cipher().decrypt(encrypted_text.encode()).decode()


def _too_many(request: HttpRequest, wait: int) -> HttpResponse:
    response = render(request, "account/too_many.html", {"wait": wait}, status=429)
    response["Retry-After"] = str(wait)
    return response
