"""Passwords: changed by their person, or reset by an Admin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from rollback_console.audit import kinds
from rollback_console.audit.integrity.row_ledger import changed
from rollback_console.audit.record import record_change
from rollback_console.plans.permission import require_self_or_admin

from ..errors import WeakPassword
from .second_admin import confirmation_facts, require_second_for_account
from .sessions import end_sessions
from .tokens import revoke_tokens


@transaction.atomic
def set_password(
    person: User, *, by: User | None, password: str, session: str | None = None
) -> User:
    """Give a person a new password. Every other session and every token of theirs ends.

    `session` is the key of the one that stays: the one in which they changed it themselves.
    Raises WeakPassword with what the rules say, and SecondAdminMissing.
    """
    check_password_rules(password, person)
    return set_password_hash(person, make_password(password), by=by, session=session)


@transaction.atomic
def set_password_hash(
    person: User,
    password_hash: str,
    *,
    by: User | None,
    session: str | None = None,
    confirmed_by: User | None = None,
) -> User:
    """The same for a password whose rules were checked when its hash was made."""
    require_self_or_admin(by, person)
    require_second_for_account(person, by=by, confirmed_by=confirmed_by)
    row = User.objects.select_for_update().get(pk=person.pk)
    row.password = password_hash
    User.objects.filter(pk=row.pk).update(password=password_hash)
    own = by is not None and by.pk == person.pk
    kind = kinds.PASSWORD_CHANGED if own else kinds.PASSWORD_RESET
    rows = [changed(row, "password")]
    record_change(kind, by=by, subject=row, rows=rows, **confirmation_facts(confirmed_by))
    end_sessions(row, but=session if own else None)
    revoke_tokens(row, by=by, why="the password changed")
    return row


def record_rehashed(
    *, instance: User, created: bool, update_fields: Iterable[str] | None, **_: Any
) -> None:
    """Django hashes a password anew at a sign-in when it came to ask for more rounds."""
    if not created and set(update_fields or ()) == {"password"}:
        record_change(
            kinds.PASSWORD_REHASHED, subject=instance, rows=[changed(instance, "password")]
        )


def check_password_rules(password: str, person: User) -> None:
    """Raises WeakPassword when the installation's rules refuse it for that person."""
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise WeakPassword(" ".join(error.messages)) from error
