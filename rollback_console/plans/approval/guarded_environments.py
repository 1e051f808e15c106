"""Environments where what eases an approval takes two Admins.

Those that ask for it, and those where a machine or credential of such a one stands: a machine is
known by its address, by its keys, and by the credential that reaches it. Listed again in an
environment with easier rules it would be reached by fewer people's consent.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet

from ..models import Environment, Host, HostKey

LOOPBACK = r"(?i)^(localhost([.]localdomain)?[.]?|ip6-localhost|127[.][0-9.]+|0[.]0[.]0[.]0|::1?)$"
"""Names of the machine itself: behind a jump host they name the jump host."""


def guarded_environments() -> QuerySet[Environment]:
    """Those that ask for two Admins, and those with a machine or credential of such a one."""
    strict = Host.objects.filter(environment__second_admin=True)
    alike = (
        Q(hosts__credential__in=strict.values("credential"))
        | Q(hosts__address__in=strict.values("address"))
        | Q(hosts__keys__key__in=HostKey.objects.filter(host__in=strict).values("key"))
        | Q(hosts__in=Host.objects.filter(jump__in=strict, address__regex=LOOPBACK))
    )
    return Environment.objects.filter(Q(second_admin=True) | alike).distinct()


def is_guarded(environment: Environment) -> bool:
    """Whether what eases an approval there takes two Admins."""
    return environment.second_admin or guarded_environments().filter(pk=environment.pk).exists()
