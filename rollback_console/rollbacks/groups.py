"""The four groups and what each may do; approving is for decision makers, not a permission."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission

VIEWER, OPERATOR, MAKER, ADMIN = "Viewer", "Operator", "Decision maker", "Admin"

ROLES = (VIEWER, OPERATOR, MAKER, ADMIN)

_STEER = {"request_rollback", "operate_rollback"}
_PLANS = {"add_plan", "change_plan", "add_revision"}
_ADMIN_ROOM = "plans"

GROUPS: dict[str, set[str]] = {
    VIEWER: set(),
    OPERATOR: _STEER | _PLANS,
    MAKER: _STEER | _PLANS,
}


def ensure(**_: Any) -> None:
    """Create what is missing after every migrate; what people added to a group stays."""
    for name, codes in GROUPS.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.add(*Permission.objects.filter(codename__in=codes))
    admin, _created = Group.objects.get_or_create(name=ADMIN)
    everything = Permission.objects.filter(content_type__app_label=_ADMIN_ROOM)
    admin.permissions.add(*everything, *Permission.objects.filter(codename__in=_STEER))
    admin.permissions.add(
        *Permission.objects.filter(content_type__app_label="auth", content_type__model="user")
    )
