"""What eases an approval takes two Admins where the environment's rules say so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from rollback_console.audit import kinds
from rollback_console.audit.models import ConfigurationEvent

from ..errors import PlanError
from ..models import Environment

YOUNG = timedelta(days=1)

RULES = ("approvals_code", "approvals_data", "data_role", "second_person")
"""What of an environment says how many people, and who, must agree."""

_STRICTNESS = {"never": 0, "quorum": 1, "always": 2}


class NeedsSecondAdmin(PlanError):
    """The act is allowed once another Admin confirmed it."""


def require_second_admin(
    environment: Environment, *, by: User | None, user: User, confirmed_by: User | None
) -> None:
    """Raises NeedsSecondAdmin where `by` may not make `user` a decision maker alone.

    Nobody names themselves, or an account that is young, there; the command line may.
    """
    if not environment.second_admin or by is None or is_second(by, confirmed_by):
        return
    if by.pk == user.pk or is_young(user):
        raise NeedsSecondAdmin(
            f"{environment}: another Admin must confirm that {user} decides here, because it is "
            "your own account, or one that is younger than a day or whose password or second "
            "factor was reset within a day."
        )


def require_second_for_rule(row: Environment, *, by: User | None, second_admin: bool) -> None:
    """Raises PlanError: an Admin who could switch the rule off alone would not be held by it."""
    if row.second_admin and not second_admin and by is not None:
        raise PlanError(
            "Two Admins are asked for here so that one alone cannot ease an approval: the rule is "
            "taken back on the server alone, with manage.py drop_second_admin."
        )


def rules_of(environment: Environment) -> dict[str, Any]:
    """How many people, and who, must agree there."""
    return {name: getattr(environment, name) for name in RULES}


def require_second_for_easing(
    row: Environment, before: dict[str, Any], *, by: User | None, confirmed_by: User | None = None
) -> None:
    """Raises NeedsSecondAdmin where fewer people would have to agree than by the rules `before`."""
    if not row.second_admin or by is None or is_second(by, confirmed_by):
        return
    if _eases(before, rules_of(row)):
        raise NeedsSecondAdmin(
            f"{row}: another Admin must confirm that fewer people, or others, have to agree. "
            "Change the rules on the environment's page, where the change waits for one."
        )


def _eases(before: dict[str, Any], after: dict[str, Any]) -> bool:
    strictness = _STRICTNESS.get
    return (
        after["approvals_code"] < before["approvals_code"]
        or after["approvals_data"] < before["approvals_data"]
        or (before["data_role"] != "" and after["data_role"] != before["data_role"])
        or strictness(after["second_person"], 0) < strictness(before["second_person"], 0)
    )


def is_young(person: User) -> bool:
    """Whether an account was made, or somebody reset how one signs in to it, within a day."""
    since = timezone.now() - YOUNG
    resets = ConfigurationEvent.objects.filter(
        kind__in=[kinds.PASSWORD_RESET, kinds.FACTOR_RESET],
        subject_type="user",
        subject_id=str(person.pk),
        at__gt=since,
    )
    return person.date_joined > since or resets.exists()


def is_second(by: User, confirmed_by: User | None) -> bool:
    """Whether somebody else who administers, and not since today, confirmed it."""
    return (
        confirmed_by is not None
        and confirmed_by.pk != by.pk
        and confirmed_by.is_active
        and confirmed_by.has_perm("plans.change_environment")
        # An account that the first one made, or took over, for this is no second person.
        and not is_young(confirmed_by)
    )
