"""Resetting a lost second factor."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db import transaction

from rollback_console.audit import kinds
from rollback_console.audit.record import record_change
from rollback_console.plans.permission import require_admin

from ..errors import AccessError
from ..second_factor import forget_wrong_codes
from .second_admin import confirmation_facts, require_second_for_account
from .sessions import end_sessions
from .tokens import revoke_tokens


@transaction.atomic
def reset_second_factor(person: User, *, by: User | None, confirmed_by: User | None = None) -> int:
    """Take every factor of a person who lost theirs; they add a new one after signing in.

    Their sessions and tokens end. Nobody resets their own: AccessError. Returns how many went.
    """
    require_admin(by)
    if by is not None and by.pk == person.pk:
        raise AccessError("Another Admin must reset your second factor.")
    require_second_for_account(person, by=by, confirmed_by=confirmed_by)
    factors = Authenticator.objects.select_for_update().filter(user=person)
    names = sorted(str(each.get_type_display()) for each in factors)
    if not names:
        raise AccessError(f"{person} has no second factor.")
    factors.delete()
    forget_wrong_codes(person)
    end_sessions(person)
    revoke_tokens(person, by=by, why="the second factor was reset")
    facts = confirmation_facts(confirmed_by)
    record_change(kinds.FACTOR_RESET, by=by, subject=person, factors=names, **facts)
    return len(names)
