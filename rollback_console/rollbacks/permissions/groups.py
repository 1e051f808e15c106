"""The three roles and what each may do. Approving is none of them: who decides is named in each
environment, and may be a Viewer.

Default deny: who is in none of them sees their own account alone.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet

from rollback_console.audit.integrity.row_ledger import short_form

VIEWER, OPERATOR, ADMIN = "Viewer", "Operator", "Admin"

ROLES = (VIEWER, OPERATOR, ADMIN)

FORMER_ROLE = "Decision maker"
"""What consoles made before who decides was named in environments alone: an Operator who also
approves host questions everywhere. It stays where it is, until an Admin retires it."""

LOOK = "rollbacks.view_rollback"

_LOOK = {"view_rollback"}
_STEER = {"request_rollback", "operate_rollback"}
_PLANS = {"add_plan", "change_plan", "add_revision"}
_HOST_QUESTIONS = {"approve_host_question"}
_ADMIN_ROOM = "plans"
_RECORD = "view_configurationevent"

GROUPS: dict[str, set[str]] = {
    VIEWER: _LOOK,
    OPERATOR: _LOOK | _STEER | _PLANS,
    FORMER_ROLE: _LOOK | _STEER | _PLANS | _HOST_QUESTIONS,
}


def may_look(user: object) -> bool:
    """Whether they are somebody, active, whom a role lets look at plans and rollbacks."""
    return isinstance(user, User) and user.is_active and user.has_perm(LOOK)


def ensure(**_: Any) -> None:
    """Create what is missing after every migrate; what people added to a group stays."""
    for name in ROLES:
        Group.objects.get_or_create(name=name)
    for group in Group.objects.filter(name__in=(*ROLES, FORMER_ROLE)):
        group.permissions.add(*rights_of_role(group.name))


def rights_of_role(name: str) -> QuerySet[Permission]:
    """What this version gives to a role."""
    if name != ADMIN:
        return Permission.objects.filter(codename__in=GROUPS[name])
    return Permission.objects.filter(
        Q(content_type__app_label=_ADMIN_ROOM)
        | Q(codename__in=_LOOK | _STEER | {_RECORD})
        | Q(content_type__app_label="auth", content_type__model="user")
    )


def rows_of_roles() -> dict[str, dict[str, Any]]:
    """The roles as the record would hold them: code made them, and no event tells of it."""
    return {
        f"auth.group:{group.pk}": {
            "name": group.name,
            "permissions": short_form(
                sorted(rights_of_role(group.name).values_list("pk", flat=True))
            ),
        }
        for group in Group.objects.filter(name__in=(*ROLES, FORMER_ROLE))
    }
