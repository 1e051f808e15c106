"""People: who may sign in, and which groups give them rights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import transaction

from rollback_console.audit import kinds
from rollback_console.audit.integrity.row_ledger import changed
from rollback_console.audit.record import record_change
from rollback_console.plans.permission import require_admin
from rollback_console.rollbacks.permissions import rights
from rollback_console.rollbacks.permissions.groups import ADMIN, FORMER_ROLE, ROLES
from rollback_console.rollbacks.permissions.groups import ensure as ensure_groups

from ..errors import AccessError
from .passwords import check_password_rules, set_password
from .second_admin import (
    confirmation_facts,
    keep_an_admin,
    require_second_for_account,
    require_second_for_break_glass,
    require_second_for_groups,
)
from .sessions import end_sessions
from .tokens import revoke_tokens

FIELDS = ("username", "first_name", "last_name", "email")


@dataclass(frozen=True, slots=True)
class Owner:
    """An Admin made on the command line: whether they are new here, or were Admin already."""

    person: User
    is_new: bool
    was_admin: bool


@transaction.atomic
def add_person(
    *,
    by: User | None,
    username: str,
    password: str | None,
    groups: Iterable[Group] = (),
    **names: str,
) -> User:
    """A new person in `groups`. `names` are first_name, last_name, email. Raises AccessError.

    Without a password they cannot sign in until they accept an invitation.
    """
    require_admin(by)
    person = User(username=username, **names)
    if password is None:
        person.set_unusable_password()
    else:
        check_password_rules(password, person)
        person.set_password(password)
    _save(person)
    require_second_for_groups(person, groups, by=by)
    person.groups.set(groups)
    record_change(kinds.PERSON_ADDED, by=by, subject=person, after=_facts(person))
    return person


@transaction.atomic
def change_person(
    person: User,
    *,
    by: User | None,
    groups: Iterable[Group],
    password: str = "",
    **names: str,
) -> User:
    """New names and exactly these groups; an empty password leaves the old one.

    Raises SecondAdminMissing for groups that ease approvals, and for another name or address of
    somebody who can ease one: who signs in, and who is told, is theirs.
    """
    require_admin(by)
    row = User.objects.select_for_update().get(pk=person.pk)
    before = _facts(row)
    if any(names.get(name, before[name]) != before[name] for name in ("username", "email")):
        require_second_for_account(row, by=by, confirmed_by=None)
    for name in set(FIELDS) & set(names):
        setattr(row, name, names[name])
    _save(row)
    require_second_for_groups(row, groups, by=by)
    with keep_an_admin():
        row.groups.set(groups)
    record_change(kinds.PERSON_CHANGED, by=by, subject=row, before=before, after=_facts(row))
    return set_password(row, by=by, password=password) if password else row


@transaction.atomic
def rename_person(person: User, *, by: User, confirmed_by: User, **names: str) -> None:
    """Another name or address, as another Admin proposed."""
    require_admin(by)
    require_second_for_account(person, by=by, confirmed_by=confirmed_by)
    row = User.objects.select_for_update().get(pk=person.pk)
    before = _facts(row)
    for name, value in names.items():
        setattr(row, name, value)
    _save(row)
    facts = confirmation_facts(confirmed_by)
    record_change(
        kinds.PERSON_CHANGED, by=by, subject=row, before=before, after=_facts(row), **facts
    )


@transaction.atomic
def make_admin(person: User, *, by: User, confirmed_by: User) -> None:
    """Add a person to Admin, as another Admin proposed."""
    require_admin(by)
    require_second_for_groups(person, [_admin_group()], by=by, confirmed_by=confirmed_by)
    before = _facts(person)
    person.groups.add(_admin_group())
    facts = confirmation_facts(confirmed_by)
    after = _facts(person)
    record_change(kinds.ROLES_CHANGED, by=by, subject=person, before=before, after=after, **facts)


def _admin_group() -> Group:
    return Group.objects.get(name=ADMIN)


@transaction.atomic
def set_roles(person: User, *, by: User | None, roles: Iterable[str]) -> None:
    """Exactly these of the console's roles; other groups of theirs stay.

    For the sign-in through a provider, which says the roles anew each time: `by` is the person.
    """
    before = _facts(person)
    lost = {*ROLES, FORMER_ROLE} - set(roles)
    person.groups.remove(*Group.objects.filter(name__in=lost))
    person.groups.add(*Group.objects.filter(name__in=set(roles) & set(ROLES)))
    after = _facts(person)
    if after != before:
        record_change(kinds.ROLES_CHANGED, by=by, subject=person, before=before, after=after)


@transaction.atomic
def admit_person(person: User, *, roles: Iterable[str]) -> None:
    """Put on record an account that a provider's sign-in just made, and give it its roles."""
    record_change(kinds.PERSON_ADDED, by=person, subject=person, after=_facts(person))
    set_roles(person, by=person, roles=roles)


@transaction.atomic
def make_owner(*, username: str, email: str, password: str) -> Owner:
    """The first Admin, from the command line. Who exists keeps their password.

    Raises AccessError for somebody who is deactivated.
    """
    ensure_groups()
    person = User.objects.select_for_update().filter(username=username).first()
    if person is None:
        admin = Group.objects.filter(name=ADMIN)
        person = add_person(
            by=None, username=username, password=password, email=email, groups=admin
        )
        return Owner(person, is_new=True, was_admin=False)
    if not person.is_active:
        raise AccessError(f"{username} is deactivated. Choose another name, or let them in again.")
    roles = _group_names(person)
    set_roles(person, by=None, roles=[*roles, ADMIN])
    return Owner(person, is_new=False, was_admin=ADMIN in roles)


@transaction.atomic
def deactivate_person(person: User, *, by: User | None) -> None:
    """They can no longer sign in, decide or steer; their sessions and tokens end for good."""
    require_admin(by)
    if by is not None and by.pk == person.pk:
        raise AccessError("Another Admin must deactivate you: nobody should lock themselves out.")
    with keep_an_admin():
        User.objects.filter(pk=person.pk).update(is_active=False)
    rows = [changed(person, "is_active")]
    record_change(kinds.PERSON_DEACTIVATED, by=by, subject=person, rows=rows)
    end_sessions(person)
    revoke_tokens(person, by=by, why="the account was deactivated")


@transaction.atomic
def activate_person(person: User, *, by: User | None, confirmed_by: User | None = None) -> None:
    """They can sign in again; sessions and tokens from before stay ended.

    Raises SecondAdminMissing for somebody who can ease an approval where two Admins are asked for.
    """
    require_admin(by)
    require_second_for_account(person, by=by, confirmed_by=confirmed_by)
    end_sessions(person)
    revoke_tokens(person, by=by, why="from before the account was active again")
    User.objects.filter(pk=person.pk).update(is_active=True)
    facts, rows = confirmation_facts(confirmed_by), [changed(person, "is_active")]
    record_change(kinds.PERSON_ACTIVATED, by=by, subject=person, rows=rows, **facts)


@transaction.atomic
def grant_break_glass(person: User, *, by: User, confirmed_by: User | None = None) -> None:
    """Let a person start without approval. Nobody gives that right to themselves.

    Raises SecondAdminMissing where an environment asks for two Admins.
    """
    require_admin(by)
    if by.pk == person.pk:
        raise AccessError("Another Admin must give you that right.")
    require_second_for_break_glass(by=by, confirmed_by=confirmed_by)
    rights.let_break_glass(person, True)
    facts, rows = confirmation_facts(confirmed_by), [changed(person, "user_permissions")]
    record_change(kinds.BREAK_GLASS_GRANTED, by=by, subject=person, rows=rows, **facts)


@transaction.atomic
def revoke_break_glass(person: User, *, by: User | None) -> None:
    """A person may start without approval no longer."""
    require_admin(by)
    rights.let_break_glass(person, False)
    rows = [changed(person, "user_permissions")]
    record_change(kinds.BREAK_GLASS_TAKEN, by=by, subject=person, rows=rows)


def _save(person: User) -> None:
    try:
        person.full_clean(exclude=["password"])
    except ValidationError as error:
        raise AccessError(" ".join(error.messages)) from error
    person.save()


def _facts(person: User) -> Mapping[str, Any]:
    return {name: getattr(person, name) for name in FIELDS} | {"groups": _group_names(person)}


def _group_names(person: User) -> list[str]:
    return sorted(person.groups.values_list("name", flat=True))
