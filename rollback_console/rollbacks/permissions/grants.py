"""When rights were given: one row for each group and permission that an account was ever given.

Django keeps no time beside them, so this listens to every door through which they are given.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.db.models.functions import Now
from django.db.models.signals import m2m_changed

from ..models import RightGrant


def connect() -> None:
    """Listen to what gives somebody a group or a permission."""
    m2m_changed.connect(_groups, User.groups.through, dispatch_uid="grants of groups")
    m2m_changed.connect(
        _permissions, User.user_permissions.through, dispatch_uid="grants of permissions"
    )
    m2m_changed.connect(
        _group_permissions, Group.permissions.through, dispatch_uid="grants to groups"
    )


def group_grant(name: str) -> str:
    """What a row calls membership in a group."""
    return f"group {name}"[:150]


def _groups(
    sender: Any, instance: Any, action: str, reverse: bool, pk_set: set[int], **_: Any
) -> None:
    if action != "post_add" or not pk_set:
        return
    people = pk_set if reverse else {instance.pk}
    names = [instance.name] if reverse else _names(Group, pk_set)
    _stamp(people, map(group_grant, names))


def _permissions(
    sender: Any, instance: Any, action: str, reverse: bool, pk_set: set[int], **_: Any
) -> None:
    if action != "post_add" or not pk_set:
        return
    people = pk_set if reverse else {instance.pk}
    codes = [instance.codename] if reverse else _names(Permission, pk_set, "codename")
    _stamp(people, codes)


def _group_permissions(
    sender: Any, instance: Any, action: str, reverse: bool, pk_set: set[int], **_: Any
) -> None:
    if action != "post_add" or not pk_set:
        return
    groups = pk_set if reverse else {instance.pk}
    codes = [instance.codename] if reverse else _names(Permission, pk_set, "codename")
    people = User.objects.filter(groups__in=groups).values_list("pk", flat=True)
    _stamp(set(people), codes)


def _names(model: Any, keys: set[int], field: str = "name") -> list[str]:
    return list(model.objects.filter(pk__in=keys).values_list(field, flat=True))


def _stamp(people: Iterable[int], names: Iterable[str]) -> None:
    grant_names = list(names)
    for person in people:
        for name in grant_names:
            RightGrant.objects.update_or_create(
                user_id=person, name=name, defaults={"granted_at": Now()}
            )
