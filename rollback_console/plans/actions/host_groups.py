"""Host groups: the names that plans use for several hosts."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from rollback_console.audit import kinds
from rollback_console.audit.integrity.row_ledger import added, removed
from rollback_console.audit.record import record_change

from ..errors import PlanError
from ..models import Environment, Host, HostGroup
from ..permission import permit


@transaction.atomic
def add_host_group(environment: Environment, *, by: User | None, name: str) -> HostGroup:
    """The group of that name, made when there is none."""
    permit(by, "plans.add_hostgroup", "add host groups")
    if Host.objects.filter(environment=environment, name__iexact=name).exists():
        raise PlanError(
            f"{name} is a host of {environment}: hosts={name} in a plan would mean both. Choose "
            "another name for the group."
        )
    group, is_new = HostGroup.objects.get_or_create(environment=environment, name=name)
    if is_new:
        facts: dict[str, Any] = {"environment": environment.name, "rows": [added(group)]}
        record_change(kinds.HOST_GROUP_ADDED, by=by, subject=group, **facts)
    return group


@transaction.atomic
def remove_host_group(group: HostGroup, *, by: User | None) -> None:
    """Remove a group. Raises PlanError while it holds hosts."""
    permit(by, "plans.delete_hostgroup", "remove host groups")
    if group.hosts.exists():
        raise PlanError("Take its hosts out first.")
    facts: dict[str, Any] = {"environment": group.environment.name, "rows": [removed(group)]}
    record_change(kinds.HOST_GROUP_REMOVED, by=by, subject=group, **facts)
    group.delete()
