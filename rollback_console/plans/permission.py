"""The one check of a right before a write of the configuration."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model

from rollback_console.common.permission import may_do

ADMINISTER = "plans.change_environment"


def permit(by: User | None, permission: str, what: str, over: Model | None = None) -> None:
    """Raise PermissionDenied unless `by` may; None is the command line.

    With `over`, a group that is limited to environments or services counts only where its limit
    covers that.
    """
    _refuse_without(by, permission, f"You may not {what}. Ask an Admin for the right.", over)


def require_admin(by: User | None) -> None:
    """Raise PermissionDenied for everybody but an active Admin and the command line."""
    _refuse_without(by, ADMINISTER, "Only an Admin may do this.")


def require_self_or_admin(by: User | None, person: User) -> None:
    """Raise PermissionDenied unless it is their own, or `by` is an Admin."""
    if by is None or by.pk != person.pk:
        require_admin(by)


def _refuse_without(
    by: User | None, permission: str, sentence: str, over: Model | None = None
) -> None:
    if by is not None and not may_do(by, permission, over):
        raise PermissionDenied(sentence)
