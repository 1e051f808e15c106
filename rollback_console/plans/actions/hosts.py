"""Hosts: the machines that the console reaches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict, Unpack

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import ProtectedError

from rollback_console.audit import kinds
from rollback_console.audit.fields import snapshot_fields
from rollback_console.audit.integrity.row_ledger import removed
from rollback_console.audit.record import record_change
from rollback_console.audit.stale_edit import refuse_stale_edit

from ..errors import PlanError
from ..inventory.former_values import keep_former_values, list_login_parts
from ..inventory.host_specs import list_jumps
from ..inventory.masked_values import list_logins
from ..inventory.typed_hosts import read_host_address, read_host_name
from ..models import Credential, Environment, Host, HostGroup
from ..permission import permit
from ..unique_names import unique_name
from .second_admin import require_second_for_host, require_second_for_removal

RECORDED = (
    "name",
    "environment",
    "address",
    "port",
    "credential",
    "jump",
    "groups",
    "runner",
    "older_algorithms",
)
"""What of a host is on record, and what a form of it is drawn from."""


class HostFields(TypedDict, total=False):
    """What a host is made of; a part left out stays as it is."""

    name: str
    environment: Environment
    address: str
    port: int
    credential: Credential
    jump: Host | None
    runner: str
    older_algorithms: bool


@transaction.atomic
def add_host(
    *,
    by: User | None,
    groups: Iterable[HostGroup] = (),
    confirmed_by: User | None = None,
    **fields: Unpack[HostFields],
) -> Host:
    """A new host in these groups of its environment. Raises PlanError, and NeedsSecondAdmin for a
    machine or credential of an environment that asks for two Admins."""
    permit(by, "plans.add_host", "add hosts")
    host = Host(**_as_typed(fields, Host(**fields)))
    require_second_for_host(host, by=by, confirmed_by=confirmed_by)
    _save(host, groups)
    after = snapshot_fields(host, *RECORDED)
    record_change(kinds.HOST_ADDED, by=by, subject=host, after=after)
    return host


@transaction.atomic
def change_host(
    host: Host,
    *,
    by: User | None,
    groups: Iterable[HostGroup] | None = None,
    drawn_from: str | None = None,
    confirmed_by: User | None = None,
    **fields: Unpack[HostFields],
) -> Host:
    """Another way to reach it, or other groups; what was approved for the old one is refused.

    Raises PlanError, also when the way to it would be a loop, NeedsSecondAdmin where one Admin
    would take a machine out of stricter rules, and StaleEdit when it is no longer what
    `drawn_from` says.
    """
    permit(by, "plans.change_host", "change hosts")
    row = Host.objects.select_for_update().get(pk=host.pk)
    refuse_stale_edit(row, drawn_from, *RECORDED)
    before, environment = snapshot_fields(row, *RECORDED), row.environment_id
    logins, login = list_logins(environment), list_login_parts(row.credential)
    for name, value in _as_typed(fields, row).items():
        setattr(row, name, value)
    former = Host.objects.select_related("environment").get(pk=row.pk)
    require_second_for_host(row, by=by, confirmed_by=confirmed_by, before=former)
    _save(row, groups)
    login -= list_login_parts(row.credential)
    keep_former_values(login | logins - list_logins(environment))
    after = snapshot_fields(row, *RECORDED)
    record_change(kinds.HOST_CHANGED, by=by, subject=row, before=before, after=after)
    return row


@transaction.atomic
def remove_host(host: Host, *, by: User | None, confirmed_by: User | None = None) -> None:
    """Remove a host; what ran on it stays on record by name. Raises PlanError, NeedsSecondAdmin."""
    permit(by, "plans.delete_host", "remove hosts")
    require_second_for_removal(host, by=by, confirmed_by=confirmed_by)
    before = snapshot_fields(host, *RECORDED)
    rows = [removed(host), *(removed(key) for key in host.keys.all())]
    record_change(kinds.HOST_REMOVED, by=by, subject=host, before=before, rows=rows)
    keep_former_values(list_login_parts(host.credential))
    try:
        host.delete()
    except ProtectedError as error:
        raise PlanError("Other hosts are reached through it.") from error


def _as_typed(fields: HostFields, host: Host) -> HostFields:
    """With the name and address as plans and SSH need them; what stays as it is stays."""
    read = HostFields(**fields)
    if "name" in fields and (host._state.adding or fields["name"] != host.name):
        read["name"] = read_host_name(fields["name"])
    if "address" in fields:
        port = fields.get("port", host.port)
        read["address"], read["port"] = read_host_address(fields["address"], port)
    return read


def _save(host: Host, groups: Iterable[HostGroup] | None) -> None:
    chosen = None if groups is None else list(groups)
    for group in chosen or ():
        if group.environment_id != host.environment_id:
            raise PlanError(f"The group {group} belongs to {group.environment}.")
    _refuse_name_of_group(host)
    _refuse_loop(host)
    with unique_name("a host", host.name):
        host.save()
    if chosen is not None:
        host.groups.set(chosen)


def _refuse_name_of_group(host: Host) -> None:
    """A host that bears the name of a group of its environment since long may still be changed."""
    same = Host.objects.filter(pk=host.pk, name=host.name, environment=host.environment_id)
    groups = HostGroup.objects.filter(environment=host.environment_id, name__iexact=host.name)
    if groups.exists() and not same.exists():
        raise PlanError(
            f"{host.name} is a group of {host.environment}: hosts={host.name} in a plan would mean "
            "both. Choose another name for the host."
        )


def _refuse_loop(host: Host) -> None:
    """What is saved of the jump host by now counts, not what the caller read of it before."""
    if host.jump is not None:
        host.jump = Host.objects.get(pk=host.jump.pk)
    list_jumps(host)
