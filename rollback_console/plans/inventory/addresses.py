"""From an approved HostSpec to an address that may be connected to, and to secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rollback_console.engine.snapshot import HostSpec
from rollback_console.remote.protocol import HostAddress, HostKeyPin, Login, RunnerKind

from ..errors import HostRefused
from ..models import Host, Secret
from .changes import changes_of_host, changes_of_secrets
from .host_specs import confirmed_keys, known_hosts, list_jumps


def reach(
    approved: HostSpec, hosts: Mapping[str, Host] | None = None, *, begun: bool = False
) -> HostAddress:
    """Where to connect for an approved host; `hosts` are `known_hosts`, where there are many.

    Raises HostRefused when its record changed. What has `begun` there is still followed, and can
    be stopped, by another credential for the same account.
    """
    host = (known_hosts([approved.name]) if hosts is None else hosts).get(approved.name)
    changes = changes_of_host(approved, host, begun=begun)
    if host is None or changes:
        raise HostRefused(f"{' '.join(changes)} Nothing is started there: ask for a new rollback.")
    return address(host)


def address(host: Host) -> HostAddress:
    """The host's address with its confirmed keys, its login and the way to it.

    Raises HostRefused when its jump hosts lead in a loop.
    """
    way: HostAddress | None = None
    for jump in reversed(list_jumps(host)):
        way = _address(jump, way)
    return _address(host, way)


def secret_values(
    environment: str, names: Iterable[str], approved: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The values of an environment's secrets; `approved` are their digests by name.

    Raises HostRefused when one was removed, or is not the one that was approved.
    """
    names = set(names)
    if not names:
        return {}
    rows = {
        row.name: row
        for row in Secret.objects.filter(environment__slug=environment, name__in=names)
    }
    if missing := sorted(names - rows.keys()):
        raise HostRefused(f"These secrets were removed: {', '.join(missing)}. Add them again.")
    if changes := changes_of_secrets(approved or {}, rows):
        raise HostRefused(f"{' '.join(changes)} Nothing is started: ask for a new rollback.")
    return {name: row.value for name, row in rows.items()}


def _address(host: Host, jump: HostAddress | None) -> HostAddress:
    credential = host.credential
    return HostAddress(
        name=host.name,
        address=host.address,
        port=host.port,
        username=credential.username,
        login=Login(
            private_key=credential.private_key,
            passphrase=credential.passphrase,
            certificate=credential.certificate,
            password=credential.password,
        ),
        host_keys=tuple(HostKeyPin(key.type, key.key) for key in confirmed_keys(host)),
        jump=jump,
        runner=RunnerKind(host.runner),
        older_algorithms=host.older_algorithms,
    )
