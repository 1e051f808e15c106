"""What must not be shown of an environment, whichever step or host it comes from."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from ..models import Credential, Host, Secret
from .former_values import list_former_values, list_login_parts


def values_to_mask(environment_id: int) -> frozenset[str]:
    """Every secret of the environment, and all that opens its hosts and those on the way there;
    what was replaced too, as long as somebody may print it."""
    secrets = {each.value for each in Secret.objects.filter(environment=environment_id)}
    return frozenset(secrets | list_logins(environment_id) | list_former_values(environment_id))


def list_logins(environment_id: int) -> set[str]:
    """What opens the hosts of an environment and those on the way there."""
    hosts = Host.objects.filter(environment=environment_id)
    jumps = _jumps(hosts)
    reached: set[int] = set()
    while jumps - reached:
        reached |= jumps
        ahead = Host.objects.filter(pk__in=jumps)
        jumps = _jumps(ahead)
    here = Host.objects.filter(Q(environment=environment_id) | Q(pk__in=reached))
    credentials = Credential.objects.filter(pk__in=here.values("credential"))
    return {part for each in credentials for part in list_login_parts(each)}


def _jumps(hosts: QuerySet[Host]) -> set[int]:
    return {each for each in hosts.values_list("jump", flat=True) if each is not None}
