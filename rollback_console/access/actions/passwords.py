"""Passwords: changed by their person, or reset by an Admin."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from rollback_console.audit import kinds
from rollback_console.audit.record import record_change

from ..errors import WeakPassword
from .permission import require_self_or_admin
from .sessions import end_sessions
from .tokens import revoke_tokens


@transaction.atomic
def set_password(
    person: User, *, by: User | None, password: str, session: str | None = None
) -> User:
    """Give a person a new password. Every other session and every token of theirs ends.

    `session` is the key of the one that stays: the one in which they changed it themselves.
    Raises WeakPassword with what the rules say.
    """
    require_self_or_admin(by, person)
    check_password_rules(password, person)
    row = User.objects.select_for_update().get(pk=person.pk)
    row.set_password(password)
    row.save(update_fields=["password"])
    own = by is not None and by.pk == person.pk
    record_change(kinds.PASSWORD_CHANGED if own else kinds.PASSWORD_RESET, by=by, subject=row)
    end_sessions(row, but=session if own else None)
    revoke_tokens(row, by=by, why="the password changed")
    return row


def check_password_rules(password: str, person: User) -> None:
    """Raises WeakPassword when the installation's rules refuse it for that person."""
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise WeakPassword(" ".join(error.messages)) from error
