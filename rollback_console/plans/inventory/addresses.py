"""From an approved HostSpec to an address that may be connected to, and to secrets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rollback_console.engine.snapshot import HostSpec
from rollback_console.remote.protocol import HostAddress, HostKeyPin, Login

from ..errors import HostRefused
from ..models import Host, HostKey, Secret


def spec(host: Host) -> HostSpec:
    """The host as it would be frozen now. Raises HostRefused without a confirmed key."""
    prints = sorted(key.fingerprint for key in _confirmed(host))
    if not prints:
        raise HostRefused(
            f"Nobody has confirmed a host key of {host.name}: confirm its fingerprint first."
        )
    return HostSpec(
        name=host.name,
        address=host.address,
        port=host.port,
        username=host.credential.username,
        fingerprints=tuple(prints),
        jump=host.jump.name if host.jump else "",
    )


def known(names: Iterable[str]) -> dict[str, Host]:
    """These hosts by name, with all that `reach` looks at, in a fixed number of queries."""
    # Not joined but fetched apart: a credential that hundreds share is decrypted once.
    beside = ("credential", "keys", "jump__credential", "jump__keys")
    hosts = Host.objects.filter(name__in=set(names)).prefetch_related(*beside)
    return {host.name: host for host in hosts}


def reach(approved: HostSpec, hosts: Mapping[str, Host] | None = None) -> HostAddress:
    """Where to connect for an approved host; `hosts` are `known` ones, where there are many.

    Raises HostRefused when its record changed.
    """
    host = (known([approved.name]) if hosts is None else hosts).get(approved.name)
    if host is None:
        raise HostRefused(f"The host {approved.name} was removed after this was approved.")
    if spec(host) != approved:
        raise HostRefused(
            f"The address, account or host keys of {approved.name} were changed after this was "
            "approved. Ask for a new rollback."
        )
    return address(host)


def address(host: Host) -> HostAddress:
    """The host's address with its confirmed keys and its login."""
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
        host_keys=tuple(HostKeyPin(key.type, key.key) for key in _confirmed(host)),
        jump=address(host.jump) if host.jump else None,
    )


def secret_values(environment: str, names: Iterable[str]) -> dict[str, str]:
    """The values of an environment's secrets. Raises HostRefused when one was removed."""
    wanted = set(names)
    if not wanted:
        return {}
    found = {
        secret.name: secret.value
        for secret in Secret.objects.filter(environment__slug=environment, name__in=wanted)
    }
    if missing := sorted(wanted - found.keys()):
        raise HostRefused(f"These secrets were removed: {', '.join(missing)}. Add them again.")
    return found


def _confirmed(host: Host) -> list[HostKey]:
    return [key for key in host.keys.all() if key.confirmed_at]
