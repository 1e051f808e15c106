"""What eases an approval takes two Admins where the environment's rules say so."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from ..errors import PlanError
from ..models import Environment

YOUNG = timedelta(days=1)


class NeedsSecondAdmin(PlanError):
    """The act is allowed once another Admin confirmed it."""


def require_second_admin(
    environment: Environment, *, by: User | None, user: User, confirmed_by: User | None
) -> None:
    """Raises NeedsSecondAdmin where `by` may not make `user` a decision maker alone.

    Nobody names themselves, or an account younger than a day, there; the command line may.
    """
    if not environment.second_admin or by is None or is_second(by, confirmed_by):
        return
    if by.pk == user.pk or user.date_joined > timezone.now() - YOUNG:
        raise NeedsSecondAdmin(
            f"{environment}: another Admin must confirm that {user} decides here, because it is "
            "your own account or one younger than a day."
        )


def require_second_for_rule(row: Environment, *, by: User | None, second_admin: bool) -> None:
    """Raises PlanError: an Admin who could switch the rule off alone would not be held by it."""
    if row.second_admin and not second_admin and by is not None:
        raise PlanError(
            "Two Admins are asked for here so that one alone cannot ease an approval: the rule is "
            "taken back on the server alone, with manage.py drop_second_admin."
        )


def is_second(by: User, confirmed_by: User | None) -> bool:
    """Whether somebody else who administers, and not since today, confirmed it."""
    return (
        confirmed_by is not None
        and confirmed_by.pk != by.pk
        and confirmed_by.is_active
        # An account that the first one made for this is no second person.
        and confirmed_by.date_joined < timezone.now() - YOUNG
        and confirmed_by.has_perm("plans.change_environment")
    )
