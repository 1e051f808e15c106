"""Signing in and out, and second factors, as the record of the configuration holds them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest

from rollback_console.audit import kinds
from rollback_console.audit.record import record_change

from .devices import remember_device


def record_sign_in(*, request: HttpRequest | None, user: User, **_: Any) -> None:
    """Somebody signed in: on record, and their device and address are known from now on."""
    record_change(kinds.SIGNED_IN, by=user, subject=user)
    if request is not None:
        remember_device(request, user)


def record_sign_out(*, user: User | None, **_: Any) -> None:
    """Somebody signed out."""
    if user is not None:
        record_change(kinds.SIGNED_OUT, by=user, subject=user)


def record_wrong_password(request: HttpRequest, username: str) -> None:
    """A password did not fit; only such ones are recorded as were looked at."""
    if request.user.is_authenticated:
        record_change(kinds.STEP_UP_FAILED, by=request.user, subject=request.user, proof="password")
        return
    user = User.objects.filter(username__iexact=username).first()
    # A name that nobody has may be a password typed into the wrong field.
    record_change(kinds.SIGN_IN_FAILED, subject=user or "a name that nobody has here")


def record_delay(username: str, seconds: int) -> None:
    """Proofs for that name have to wait from now on."""
    user = User.objects.filter(username__iexact=username).first()
    if user is not None:
        record_change(kinds.SIGN_IN_DELAYED, subject=user, seconds=seconds)


def record_new_factor(*, user: User, authenticator: Any, **_: Any) -> None:
    """An authenticator app, a passkey or recovery codes were added."""
    record_change(kinds.FACTOR_ADDED, by=user, subject=user, factor=_factor(authenticator))


def record_lost_factor(*, user: User, authenticator: Any, **_: Any) -> None:
    """One of them was removed by its person."""
    record_change(kinds.FACTOR_REMOVED, by=user, subject=user, factor=_factor(authenticator))


def record_new_codes(*, user: User, authenticator: Any, **_: Any) -> None:
    """Recovery codes were made anew: the old ones are worth nothing."""
    record_lost_factor(user=user, authenticator=authenticator)
    record_new_factor(user=user, authenticator=authenticator)


def record_wrong_code(*, user: User, authenticator: Any, **facts: Any) -> None:
    """A code of an app, a recovery code or a passkey did not fit."""
    again = bool(facts.get("reauthentication"))
    kind = kinds.STEP_UP_FAILED if again else kinds.SIGN_IN_FAILED
    by = user if again else None
    record_change(kind, by=by, subject=user, proof=_factor(authenticator))


def _factor(authenticator: Any) -> str:
    return str(authenticator.get_type_display())
