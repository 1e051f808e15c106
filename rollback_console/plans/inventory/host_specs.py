"""A host as it would be frozen now, with the way to it and the login."""

from __future__ import annotations

from collections.abc import Container, Iterable

from rollback_console.engine.snapshot import HostSpec, JumpSpec

from ..errors import HostRefused
from ..models import Host, HostKey
from .digests import digest_login


def host_spec(host: Host, approved: Container[str] = ()) -> HostSpec:
    """The host as it would be frozen now.

    Raises HostRefused without a confirmed key, and when its jump hosts lead in a loop.

    A login that has one of the digests `approved` keeps it, so that a new SECRET_KEY changes
    none as long as the former one is kept.
    """
    prints = _fingerprints(host)
    if not prints:
        raise HostRefused(
            f"Nobody has confirmed a host key of {host.name}: confirm its fingerprint first."
        )
    return HostSpec(
        name=host.name,
        address=host.address,
        port=host.port,
        username=host.credential.username,
        fingerprints=prints,
        jump=host.jump.name if host.jump else "",
        environment=host.environment.slug,
        login=digest_login(host.credential, approved),
        route=tuple(_jump_spec(each, approved) for each in list_jumps(host)),
    )


def known_hosts(names: Iterable[str]) -> dict[str, Host]:
    """These hosts by name, with all that a HostSpec holds, in a fixed number of queries."""
    # Not joined but fetched apart: a credential that hundreds share is decrypted once.
    beside = ("credential", "keys", "jump__credential", "jump__keys")
    hosts = Host.objects.filter(name__in=set(names)).select_related("environment")
    hosts = hosts.prefetch_related(*beside)
    return {host.name: host for host in hosts}


def list_jumps(host: Host) -> list[Host]:
    """The hosts on the way to this one, the nearest to it first.

    Raises HostRefused, naming the loop, when the way comes back to a host it has passed.
    """
    way = [host]
    while (jump := way[-1].jump) is not None:
        if jump in way:
            loop = " through ".join(each.name for each in [*way, jump])
            raise HostRefused(
                f"The way to {host.name} is a loop: {loop}. Correct which host one of them is "
                "reached through."
            )
        way.append(jump)
    return way[1:]


def _jump_spec(host: Host, approved: Container[str]) -> JumpSpec:
    return JumpSpec(
        name=host.name,
        address=host.address,
        port=host.port,
        username=host.credential.username,
        fingerprints=_fingerprints(host),
        login=digest_login(host.credential, approved),
    )


def _fingerprints(host: Host) -> tuple[str, ...]:
    return tuple(sorted(key.fingerprint for key in confirmed_keys(host)))


def confirmed_keys(host: Host) -> list[HostKey]:
    """The keys that a person confirmed."""
    return [key for key in host.keys.all() if key.confirmed_at]
