"""Who may change people and what is theirs."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied

from rollback_console.common.permission import may_do


def require_admin(by: User | None) -> None:
    """Raises PermissionDenied for everybody but an active Admin and the command line."""
    if by is not None and not may_do(by, "plans.change_environment"):
        raise PermissionDenied("Only an Admin may do this.")


def require_self_or_admin(by: User | None, person: User) -> None:
    """Raises PermissionDenied unless it is their own, or `by` is an Admin."""
    if by is None or by.pk != person.pk:
        require_admin(by)
