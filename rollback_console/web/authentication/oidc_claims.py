"""People who come from an OpenID Connect provider: what their claims say they may do here."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import render

from rollback_console.access.actions.people import admit_person, set_roles


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Lets in whom the provider puts into a group that settings map to a role; nobody else.

    The roles are set anew at every sign-in, so that who left a group there loses it here.
    """

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Before anybody is signed in: are they known, and what may they do?"""
        match sociallogin.state.get("process"):
            case "redirect":
                _prove_again(request, sociallogin)
            case "login":
                self._admit(request, sociallogin)
            case _:
                _turn_away(request, "An account here cannot be joined with one elsewhere.")

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Whoever passed `pre_social_login` may have an account."""
        return True

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """A new account with the roles of its claims."""
        made: User = super().save_user(request, sociallogin, form)
        admit_person(made, roles=roles_of(sociallogin))
        return made

    def _admit(self, request: HttpRequest, sociallogin: Any) -> None:
        roles = roles_of(sociallogin)
        # Addresses are never verified here, and are no proof of anything.
        sociallogin.email_addresses = []
        if sociallogin.is_existing:
            set_roles(sociallogin.user, by=sociallogin.user, roles=roles)
        elif User.objects.filter(username__iexact=sociallogin.user.username or " ").exists():
            _turn_away(
                request,
                f"There is an account named {sociallogin.user.username} here already, which "
                "signs in with its own password. Ask an Admin to rename it.",
            )
        if not roles:
            _turn_away(request, "You are in no group that may use this console. Ask an Admin.")


def roles_of(sociallogin: Any) -> list[str]:
    """The groups here that the claims lead to, by the provider's `roles`."""
    setting = sociallogin.account.get_provider().app.settings
    groups = _groups(sociallogin.account.extra_data, setting["groups_claim"])
    return sorted({setting["roles"][each] for each in groups if each in setting["roles"]})


def _groups(claims: dict[str, Any], path: str) -> set[str]:
    """`path` may lead into objects: realm_access.roles."""
    names: set[str] = set()
    for part in (claims.get("userinfo"), claims.get("id_token")):
        value: Any = part
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        values = [value] if isinstance(value, str) else value
        names |= {each for each in values or () if isinstance(each, str)}
    return names


def _prove_again(request: HttpRequest, sociallogin: Any) -> None:
    """A signed-in person came back from their provider; the visit counts if they signed in."""
    id_token = sociallogin.account.extra_data.get("id_token") or {}
    since = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    if not sociallogin.is_existing or sociallogin.user != request.user:
        _turn_away(request, "You came back as somebody else. Sign out, and in again as them.")
    if not isinstance(id_token.get("auth_time"), int) or id_token["auth_time"] < since:
        _turn_away(
            request,
            "The other side does not say that you signed in just now. Sign out here and in "
            "again, or add an authenticator app on your own page.",
        )
    record_authentication(request, request.user, "socialaccount", reauthenticated=True)


def _turn_away(request: HttpRequest, why: str) -> None:
    raise ImmediateHttpResponse(
        render(request, "account/turned_away.html", {"why": why}, status=403)
    )
