"""Many hosts at once, from a list of another tool: what would change, and the change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from ..errors import PlanError
from ..inventory.host_lists import HostRow
from ..models import Credential, Environment, Host, HostGroup
from ..permission import permit
from .host_groups import add_host_group
from .hosts import HostFields, add_host, change_host


@dataclass(frozen=True, slots=True)
class HostChange:
    """What a row of the list comes to. `differences` are sentences; none: the host stays."""

    row: HostRow
    credential: Credential
    host: Host | None = None
    differences: tuple[str, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether the console has no host of that name yet."""
        return self.host is None


@dataclass(frozen=True, slots=True)
class HostImport:
    """What an import would do. `absent` are hosts of the environment that the list lacks: they
    are named and stay. Nothing is done while there are `problems`."""

    changes: tuple[HostChange, ...] = ()
    absent: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def new(self) -> list[HostChange]:
        """Hosts that would be added."""
        return [change for change in self.changes if change.is_new]

    @property
    def changed(self) -> list[HostChange]:
        """Hosts that would be reached otherwise, or stand in other groups."""
        return [change for change in self.changes if change.differences]

    @property
    def to_write(self) -> int:
        """How many hosts would be added or changed."""
        return len(self.new) + len(self.changed)

    @property
    def same(self) -> int:
        """How many hosts are as the list says already."""
        return len(self.changes) - self.to_write

    @property
    def digest(self) -> str:
        """A SHA-256 that tells whether it is still what a person was shown."""
        lines = [
            f"{change.row} {change.credential.pk} {change.differences}" for change in self.changes
        ]
        return hashlib.sha256("\n".join([*lines, *self.problems]).encode()).hexdigest()


def preview_import(
    environment: Environment, rows: Sequence[HostRow], credential: Credential | None
) -> HostImport:
    """What importing `rows` into the environment would do.

    A row's account chooses the credential of that account, where there is exactly one;
    `credential` is for the rows that name none.
    """
    hosts = {host.name: host for host in _hosts()}
    logins = list(Credential.objects.order_by("name"))
    changes, problems = [], []
    for row in rows:
        try:
            login = _credential(row, logins, credential)
            changes.append(_change(row, login, hosts.get(row.name), environment))
        except PlanError as error:
            problems.append(str(error))
    problems += _unknown_jumps(rows, hosts)
    listed = {row.name for row in rows}
    absent = [name for name, host in hosts.items() if host.environment == environment]
    return HostImport(
        tuple(changes), tuple(sorted(set(absent) - listed)), tuple(dict.fromkeys(problems))
    )


@transaction.atomic
def import_hosts(
    environment: Environment,
    rows: Sequence[HostRow],
    *,
    by: User | None,
    credential: Credential | None,
    seen: str | None = None,
) -> HostImport:
    """Add and change hosts as the list says: all or none of them.

    Raises PlanError where there are problems, or when it is no longer what was `seen` (the
    digest of a preview).
    """
    permit(by, "plans.add_host", "add hosts")
    permit(by, "plans.change_host", "change hosts")
    planned = preview_import(environment, rows, credential)
    if planned.problems:
        raise PlanError(" ".join(planned.problems))
    if seen is not None and planned.digest != seen:
        raise PlanError("Hosts or credentials have changed meanwhile: read what would happen anew.")
    groups = _groups(environment, rows, by)
    for change in _jumps_first(planned.changes):
        _carry_out(change, environment, groups, by)
    return planned


def _hosts() -> Iterable[Host]:
    hosts = Host.objects.select_related("environment", "credential", "jump")
    return hosts.prefetch_related("groups")


def _credential(
    row: HostRow, logins: Sequence[Credential], chosen: Credential | None
) -> Credential:
    if not row.account:
        if chosen is None:
            raise PlanError(f"{row.name} names no account: choose a credential for such hosts.")
        return chosen
    if chosen is not None and chosen.username == row.account:
        return chosen
    fitting = [login for login in logins if login.username == row.account]
    if len(fitting) == 1:
        return fitting[0]
    how_many = "several credentials are" if fitting else "no credential is"
    raise PlanError(
        f"{row.name} signs in as {row.account}, and {how_many} for that account:"
        f" {'choose one' if fitting else 'add one, or choose another account in the list'}."
    )


def _change(
    row: HostRow, login: Credential, host: Host | None, environment: Environment
) -> HostChange:
    if host is None:
        return HostChange(row, login)
    if host.environment != environment:
        raise PlanError(
            f"{row.name} belongs to {host.environment} already: move it on its own page, or give"
            " this one another name."
        )
    return HostChange(row, login, host, tuple(_differences(row, login, host)))


def _differences(row: HostRow, login: Credential, host: Host) -> Iterator[str]:
    if (row.address, row.port) != (host.address, host.port):
        yield f"address {host.address}:{host.port} becomes {row.address}:{row.port}"
    if login != host.credential:
        yield f"credential {host.credential} becomes {login}"
    if row.jump != (host.jump.name if host.jump else ""):
        yield f"way {host.jump or 'straight'} becomes {row.jump or 'straight'}"
    before = {group.name for group in host.groups.all()}
    if added := set(row.groups) - before:
        yield f"joins {', '.join(sorted(added))}"
    if left := before - set(row.groups):
        yield f"leaves {', '.join(sorted(left))}"


def _unknown_jumps(rows: Sequence[HostRow], hosts: Mapping[str, Host]) -> list[str]:
    known = {*hosts, *(row.name for row in rows)}
    return [
        f"{row.name} is reached through {row.jump}, which is no host here: list it too."
        for row in rows
        if row.jump and row.jump not in known
    ]


def _groups(
    environment: Environment, rows: Sequence[HostRow], by: User | None
) -> dict[str, HostGroup]:
    names = sorted({name for row in rows for name in row.groups})
    return {name: add_host_group(environment, by=by, name=name) for name in names}


def _jumps_first(changes: Sequence[HostChange]) -> Iterator[HostChange]:
    """Each host after the one it is reached through; a loop in the list is a PlanError."""
    waiting = {change.row.name: change for change in changes}
    while waiting:
        ready = [each for each in waiting.values() if each.row.jump not in waiting]
        if not ready:
            raise PlanError(f"These hosts are reached through each other: {', '.join(waiting)}.")
        for change in ready:
            del waiting[change.row.name]
            yield change


def _carry_out(
    change: HostChange, environment: Environment, groups: Mapping[str, HostGroup], by: User | None
) -> None:
    row = change.row
    fields = HostFields(
        address=row.address,
        port=row.port,
        credential=change.credential,
        jump=Host.objects.get(name=row.jump) if row.jump else None,
    )
    joined = [groups[name] for name in row.groups]
    if change.host is None:
        fields |= HostFields(name=row.name, environment=environment)
        add_host(by=by, groups=joined, **fields)
    elif change.differences:
        change_host(change.host, by=by, groups=joined, **fields)
