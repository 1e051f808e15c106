"""Groups: which rights they give, and where."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction

from rollback_console.audit import kinds
from rollback_console.audit.integrity.row_ledger import added, removed
from rollback_console.audit.record import record_change
from rollback_console.plans.permission import require_admin
from rollback_console.rollbacks.permissions.groups import ADMIN, ROLES

from ..errors import AccessError
from ..models import GroupLimit
from ..scope_limits import ScopeLimit
from .second_admin import (
    confirmation_facts,
    keep_an_admin,
    require_second_for_groups,
    require_second_for_wider_group,
)

_ADMIN_EVERYWHERE = (
    "Admins hold everywhere: people, hosts and rules belong to no one environment. Add a group "
    "with the rights of another role instead."
)


def add_group(*, by: User | None, name: str, like: str, limit: ScopeLimit) -> Group:
    """A group with the rights that the role `like` has today, within `limit`."""
    require_admin(by)
    if like == ADMIN and limit:
        raise AccessError(_ADMIN_EVERYWHERE)
    if like not in ROLES:
        raise AccessError(f"A group has the rights of one of: {', '.join(ROLES)}.")
    try:
        with transaction.atomic():
            group = Group.objects.create(name=name.strip())
            group.permissions.set(Group.objects.get(name=like).permissions.all())
            row = GroupLimit.objects.create(group=group, **_lists(limit))
            after = {"rights_of": like, **_lists(limit)}
            rows = [added(group), added(row)]
            record_change(kinds.GROUP_ADDED, by=by, subject=group, after=after, rows=rows)
    except IntegrityError as error:
        raise AccessError(f"There is a group named {name.strip()} already.") from error
    return group


@transaction.atomic
def limit_group(
    group: Group, *, by: User | None, limit: ScopeLimit, confirmed_by: User | None = None
) -> None:
    """From now on the group's rights hold within `limit` alone.

    Raises SecondAdminMissing where a group that may start without approval would hold further, and
    an environment asks for two Admins.
    """
    require_admin(by)
    if limit and group.permissions.filter(codename="change_environment").exists():
        raise AccessError(_ADMIN_EVERYWHERE)
    row, _ = GroupLimit.objects.select_for_update().get_or_create(group=group)
    if not row.limit.includes(limit):
        require_second_for_wider_group(group, by=by, confirmed_by=confirmed_by)
    before, after = _lists(row.limit), _lists(limit)
    GroupLimit.objects.filter(pk=row.pk).update(**after)
    facts: dict[str, Any] = {"before": before, "after": after, "rows": [added(row)]}
    facts |= confirmation_facts(confirmed_by)
    record_change(kinds.GROUP_LIMITED, by=by, subject=group, **facts)


@transaction.atomic
def remove_group(group: Group, *, by: User | None, move_to: Group | None = None) -> int:
    """Remove a group; its people go into `move_to`. Returns how many. Raises AccessError.

    What people may then do, they may do by the groups that they are left with.
    """
    require_admin(by)
    if group.name in ROLES:
        raise AccessError(f"{group.name} is one of the console's own roles, which stay.")
    people = list(group.user_set.order_by("username"))
    if people and (move_to is None or move_to.pk == group.pk):
        raise AccessError("Say which group takes its people: in none, they would see nothing.")
    with keep_an_admin():
        for person in people:
            _move(person, group, move_to, by=by)
    limits = GroupLimit.objects.filter(group=group)
    facts: dict[str, Any] = {
        "people": [person.get_username() for person in people],
        "rows": [removed(group), *(removed(row) for row in limits)],
    }
    record_change(kinds.GROUP_REMOVED, by=by, subject=group, **facts)
    group.delete()
    return len(people)


def _move(person: User, group: Group, move_to: Group | None, *, by: User | None) -> None:
    names = person.groups.order_by("name").values_list("name", flat=True)
    before = {"groups": list(names)}
    if move_to is not None:
        require_second_for_groups(person, [move_to], by=by)
        person.groups.add(move_to)
    person.groups.remove(group)
    after = {"groups": list(names.all())}
    record_change(kinds.ROLES_CHANGED, by=by, subject=person, before=before, after=after)


def _lists(limit: ScopeLimit) -> dict[str, list[str]]:
    return {"environments": list(limit.environments), "services": list(limit.services)}
