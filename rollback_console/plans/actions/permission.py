"""The one check of a right before a write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Model

from rollback_console.common.permission import may_do

from ..errors import PlanError

ADMINISTER = "plans.change_environment"


def permit(by: User | None, permission: str, what: str, over: Model | None = None) -> None:
    """Raise PermissionDenied unless `by` may; None is the command line.

    With `over`, a group that is limited to environments or services counts only where its limit
    covers that.
    """
    if by is not None and not may_do(by, permission, over):
        raise PermissionDenied(f"You may not {what}. Ask an Admin for the right.")


@contextmanager
def unique_name(what: str, name: str) -> Iterator[None]:
    """Turn two of one name, however they met, into a sentence. Raises PlanError."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise PlanError(f"There is {what} named {name} already: choose another name.") from error
