"""What must not be shown of an environment, whichever step or host it comes from."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from ..models import Credential, Host, Secret


def values_to_mask(environment_id: int) -> frozenset[str]:
    """Every secret of the environment, and all that opens its hosts and those on the way there."""
    secrets = Secret.objects.filter(environment=environment_id)
    return frozenset({each.value for each in secrets} | _logins(environment_id))


def _logins(environment_id: int) -> set[str]:
    hosts = Host.objects.filter(environment=environment_id)
    jumps = _jumps(hosts)
    reached: set[int] = set()
    while jumps - reached:
        reached |= jumps
        ahead = Host.objects.filter(pk__in=jumps)
        jumps = _jumps(ahead)
    here = Host.objects.filter(Q(environment=environment_id) | Q(pk__in=reached))
    credentials = Credential.objects.filter(pk__in=here.values("credential"))
    parts = ((each.private_key, each.passphrase, each.password) for each in credentials)
    return {part for each in parts for part in each if part}


def _jumps(hosts: QuerySet[Host]) -> set[int]:
    return {each for each in hosts.values_list("jump", flat=True) if each is not None}
