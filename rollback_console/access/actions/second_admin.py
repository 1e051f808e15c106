"""Whether one Admin alone may do what eases an approval."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, User

from rollback_console.plans.actions.second_admin import is_second
from rollback_console.plans.models import Environment

from ..errors import SecondAdminMissing

_ADMINISTERS = "plans.change_environment"


def require_second_for_account(person: User, *, by: User | None, confirmed_by: User | None) -> None:
    """For a password or a factor of somebody who decides where two Admins are asked for."""
    if by is None or by.pk == person.pk or is_second(by, confirmed_by):
        return
    guarded = Environment.objects.filter(second_admin=True)
    if not person.has_perm(_ADMINISTERS):  # whoever signs in as an Admin could confirm as one
        guarded = guarded.filter(decision_makers__user=person)
    if guarded.exists():
        raise SecondAdminMissing(
            f"{person} decides or administers where two Admins are asked for: another one must "
            "confirm the reset."
        )


def require_second_for_break_glass(*, by: User, confirmed_by: User | None) -> None:
    """The right holds in every environment: one that asks for two Admins is enough."""
    if is_second(by, confirmed_by):
        return
    guarded = Environment.objects.filter(second_admin=True).first()
    if guarded is not None:
        raise SecondAdminMissing(f"{guarded} asks for two Admins: another one must confirm this.")


def require_second_for_groups(
    person: User, groups: Iterable[Group], *, by: User | None, confirmed_by: User | None = None
) -> None:
    """For making somebody an Admin: else one Admin would make the second one."""
    if by is None or is_second(by, confirmed_by):
        return
    new = {each.pk for each in groups} - set(person.groups.values_list("pk", flat=True))
    gives = Group.objects.filter(pk__in=new, permissions__codename="change_environment").exists()
    if gives and Environment.objects.filter(second_admin=True).exists():
        raise SecondAdminMissing("Another Admin must confirm that somebody becomes Admin.")


def confirmation_facts(confirmed_by: User | None) -> dict[str, Any]:
    """What the record says of who confirmed."""
    return {"confirmed_by": confirmed_by.get_username()} if confirmed_by else {}
