"""Letting somebody sign in again at once after wrong passwords."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from rollback_console.audit import kinds
from rollback_console.audit.record import record_change
from rollback_console.plans.permission import require_admin

from ..attempts import forget_attempts
from ..second_factor import forget_wrong_codes


@transaction.atomic
def lift_wait(person: User, *, by: User | None) -> int:
    """Forget every wrong password and code for that person; returns how many passwords."""
    require_admin(by)
    count = forget_attempts(person.get_username())
    forget_wrong_codes(person)
    record_change(kinds.SIGN_IN_UNLOCKED, by=by, subject=person, wrong_passwords=count)
    return count
