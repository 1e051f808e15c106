"""How long ago, and how, a person proved who they are."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.http import HttpRequest

from rollback_console.access.second_factor import FACTORS, has_second_factor


def fresh(request: HttpRequest) -> bool:
    """Whether this session's person proved it within the minutes that settings allow.

    With a second factor only that one counts; else a password, or a provider's word.
    """
    if not request.user.is_authenticated:
        return False
    since = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    enough = {"mfa"} if has_second_factor(request.user) else {"password", "socialaccount", "mfa"}
    records = get_authentication_records(request, request.user)
    return any(each["method"] in enough and each["at"] > since for each in records)


def note_new_factor(*, request: HttpRequest, user: Any, authenticator: Any, **_: Any) -> None:
    """Whoever adds a factor shows that they hold it: it need not be shown again at once."""
    if authenticator.type in FACTORS:
        kind, key = authenticator.type, authenticator.pk
        record_authentication(request, user, "mfa", id=key, type=kind, reauthenticated=True)
