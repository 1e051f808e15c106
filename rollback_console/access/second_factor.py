"""Second factors, and whether somebody has what it takes to look at anything."""

from __future__ import annotations

from typing import Any

from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.http import HttpRequest

from rollback_console.rollbacks.permissions.groups import may_look

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def may_enter(user: Any) -> bool:
    """Whether a session of theirs may see plans and rollbacks: a role, and proof enough."""
    return may_look(user) and not lacks_factor(user)


def lacks_factor(user: Any) -> bool:
    """Whether settings demand more than a password, and `user` has no more."""
    if not settings.REQUIRE_SECOND_FACTOR:
        return False
    return not has_second_factor(user) and not known_providers(user)


def has_second_factor(user: Any) -> bool:
    """An authenticator app or a passkey; recovery codes alone are none."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists())


def forget_wrong_codes(user: Any) -> None:
    """Codes that did not fit hold up no further one."""
    ratelimit.clear(HttpRequest(), action="login_failed", key=f"mfa-auth-user-{user.pk}")


def known_providers(user: Any) -> list[str]:
    """Identifiers of the OpenID Connect providers through which `user` signs in."""
    return list(SocialAccount.objects.filter(user_id=user.pk).values_list("provider", flat=True))
