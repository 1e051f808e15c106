"""Whether one Admin alone may do what eases an approval."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from rollback_console.plans.actions.second_admin import is_second
from rollback_console.plans.approval.guarded_environments import guarded_environments
from rollback_console.plans.models import Delegation, Environment

from ..errors import AccessError, SecondAdminMissing

_ADMINISTER = "change_environment"
_EASE = (_ADMINISTER, "break_glass")
"""Permissions of those who could ease an approval anywhere: to administer, or to do without one."""


def require_second_for_account(person: User, *, by: User | None, confirmed_by: User | None) -> None:
    """For a password or a factor of somebody who can ease an approval, or for letting them in.

    Whether they are active does not matter: they could be let in again afterwards.
    """
    if by is None or by.pk == person.pk or is_second(by, confirmed_by):
        return
    if can_ease_approval(person):
        raise SecondAdminMissing(
            f"{person} is a decision maker, Admin or may start without approval where two Admins "
            "are required: another Admin must confirm this."
        )


def can_ease_approval(person: User) -> bool:
    """Whether whoever signs in as this person could ease one where two Admins are asked for.

    True of Admins, those who may break glass, decision makers, and those to whom a right to
    decide is lent, now or from a later day on.
    """
    guarded = guarded_environments()
    lent = Delegation.objects.filter(to=person, revoked_at=None, ends_at__gt=Now())
    given = Q(user=person) | Q(group__user=person)
    return guarded.exists() and (
        person.is_superuser
        or Permission.objects.filter(given, codename__in=_EASE).exists()
        or guarded.filter(decision_makers__user=person).exists()
        or lent.filter(environment__in=guarded).exists()
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
    """For groups of Admins, else one Admin would make the second one, or of break-glass."""
    if by is None or is_second(by, confirmed_by):
        return
    new = {each.pk for each in groups} - set(person.groups.values_list("pk", flat=True))
    gives = groups_that_ease().filter(pk__in=new).exists()
    if gives and Environment.objects.filter(second_admin=True).exists():
        raise SecondAdminMissing(
            "Another Admin must confirm that somebody becomes Admin, or may start without approval."
        )


def require_second_for_wider_group(
    group: Group, *, by: User | None, confirmed_by: User | None
) -> None:
    """For letting a group start without approval where it could not before."""
    if by is None or is_second(by, confirmed_by):
        return
    may = group.permissions.filter(codename="break_glass").exists()
    if may and Environment.objects.filter(second_admin=True).exists():
        raise SecondAdminMissing(
            f"{group} may start without approval: another Admin must confirm where else."
        )


@contextmanager
def keep_an_admin() -> Iterator[None]:
    """Raise AccessError where what is done inside leaves the console without an Admin."""
    there_was = _admins().exists()
    yield
    if there_was and not _admins().exists():
        raise AccessError("That would leave no Admin. Make somebody else Admin first.")


def _admins() -> QuerySet[User]:
    """Those who can sign in and administer."""
    given = Permission.objects.filter(codename=_ADMINISTER)
    by_group = Q(groups__permissions__in=given) | Q(user_permissions__in=given)
    return User.objects.filter(by_group | Q(is_superuser=True), is_active=True)


def groups_that_ease() -> QuerySet[Group]:
    """Those whose members administer, or may start without approval."""
    return Group.objects.filter(permissions__codename__in=_EASE).distinct()


def confirmation_facts(confirmed_by: User | None) -> dict[str, Any]:
    """What the record says of who confirmed."""
    return {"confirmed_by": confirmed_by.get_username()} if confirmed_by else {}
