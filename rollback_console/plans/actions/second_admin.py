"""What eases an approval takes two Admins where the environment's rules say so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils import timezone

from rollback_console.audit import kinds
from rollback_console.audit.models import ConfigurationEvent

from ..approval.guarded_environments import LOOPBACK, is_guarded
from ..approval.guarded_settings import GUARDED, eased_settings, guarded_values
from ..errors import PlanError
from ..models import Credential, Environment, Host, HostKey

YOUNG = timedelta(days=1)

RULES = tuple(GUARDED["environment"])
"""What of an environment says how many people, and who, must agree to what, and for how long."""


class NeedsSecondAdmin(PlanError):
    """The act is allowed once another Admin confirmed it."""


def require_second_admin(
    environment: Environment, *, by: User | None, user: User, confirmed_by: User | None
) -> None:
    """Raises NeedsSecondAdmin: nobody says alone who decides in a guarded environment.

    The command line may.
    """
    if by is None or is_second(by, confirmed_by) or not is_guarded(environment):
        return
    raise NeedsSecondAdmin(
        f"{environment}: another Admin must confirm {user} as a decision maker, or in another "
        "role. Propose it on the environment's page."
    )


def require_second_for_rule(row: Environment, *, by: User | None, second_admin: bool) -> None:
    """Raises PlanError: an Admin who could switch the rule off alone would not be held by it."""
    if row.second_admin and not second_admin and by is not None:
        raise PlanError(
            "Two Admins are asked for here so that one alone cannot ease an approval: the rule is "
            "taken back on the server alone, with manage.py drop_second_admin."
        )


def rules_of(environment: Environment) -> dict[str, Any]:
    """How many people, and who, must agree there."""
    return guarded_values("environment", environment)


def require_second_for_easing(
    row: Environment, before: dict[str, Any], *, by: User | None, confirmed_by: User | None = None
) -> None:
    """Raises NeedsSecondAdmin where the rules would be easier than those `before`."""
    if by is None or is_second(by, confirmed_by):
        return
    eased = eased_settings("environment", before, rules_of(row))
    if eased and is_guarded(row):
        fields = row._meta.concrete_fields
        labels = [str(each.verbose_name) for each in fields if each.name in eased]
        raise NeedsSecondAdmin(
            f"{row}: another Admin must confirm what would be easier than before: "
            f"{', '.join(labels)}. "
            "Change it on the environment's page, where it waits for one."
        )


def require_second_for_credential(
    row: Credential, before: dict[str, Any], *, by: User | None, confirmed_by: User | None = None
) -> None:
    """Raises NeedsSecondAdmin: another account could do more on the machines it signs in to."""
    if by is None or is_second(by, confirmed_by):
        return
    strict = row.hosts.filter(environment__second_admin=True).select_related("environment").first()
    if strict and eased_settings("credential", before, guarded_values("credential", row)):
        raise NeedsSecondAdmin(
            f"{row.name} signs in to {strict} of {strict.environment}, which asks for two Admins: "
            "another one must confirm another account. Change it on the credential's page, where "
            "it waits for one."
        )


def require_second_for_host(
    host: Host, *, by: User | None, confirmed_by: User | None, before: Host | None = None
) -> None:
    """Raises NeedsSecondAdmin for a machine that one Admin would take out of stricter rules.

    `before` is the row as it was; `host` the unsaved one as it would be.
    """
    if by is None or is_second(by, confirmed_by):
        return
    if before is not None and _is_strict(before):
        eased = eased_settings("host", guarded_values("host", before), guarded_values("host", host))
        if eased:
            raise _missing(host, before.environment)
        return
    # Another environment that asks for two Admins may be one that this Admin made, with rules
    # and decision makers of their own.
    if strict := _strict_place_of(host):
        raise _missing(host, strict)


def require_second_for_removal(host: Host, *, by: User | None, confirmed_by: User | None) -> None:
    """Raises NeedsSecondAdmin: a removed host could be listed again elsewhere."""
    if by is not None and _is_strict(host) and not is_second(by, confirmed_by):
        raise _missing(host, host.environment)


def require_second_for_key(key: HostKey, *, by: User | None, confirmed_by: User | None) -> None:
    """Raises NeedsSecondAdmin for a key by which a machine of stricter rules is known, and for
    another one than those by which it was known so far: behind that could be any machine."""
    if by is None or is_second(by, confirmed_by):
        return
    if _is_strict(key.host) and _replaces_known_key(key):
        raise _missing(key.host, key.host.environment)
    others = _strict_hosts_beside(key.host)
    known = others.filter(Q(keys__key=key.key) | Q(pk__in=_hosts_once_known_by(key.fingerprint)))
    if host := known.select_related("environment").first():
        raise _missing(key.host, host.environment)


def _is_strict(host: Host) -> bool:
    """What the table says, not what the caller read of the environment before."""
    return Environment.objects.filter(pk=host.environment_id, second_admin=True).exists()


def _strict_hosts_beside(host: Host) -> QuerySet[Host]:
    """Those of other environments that ask for two Admins."""
    rows = Host.objects.filter(environment__second_admin=True)
    return rows.exclude(environment=host.environment_id)


def _replaces_known_key(key: HostKey) -> bool:
    """Whether the host was known by another key before it showed this one.

    Keys that it showed together with the first may be confirmed one after the other.
    """
    events = ConfigurationEvent.objects.filter(subject_type="host", subject_id=str(key.host_id))
    shown = events.filter(kind=kinds.HOST_KEY_NOTED, facts__fingerprint=key.fingerprint)
    last = shown.order_by("-seq").first()
    moments = _known_since(key.host, events)
    return bool(moments) and (last is None or last.at > min(moments))


def _known_since(host: Host, events: QuerySet[ConfigurationEvent]) -> list[datetime]:
    """When keys of the host were confirmed, also those that were forgotten since."""
    confirmed = events.filter(kind=kinds.HOST_KEY_CONFIRMED).values_list("at", flat=True)
    forgotten = events.filter(kind=kinds.HOST_KEY_FORGOTTEN).values_list("facts", flat=True)
    there = host.keys.exclude(confirmed_at=None).values_list("confirmed_at", flat=True)
    texts = [str(facts.get("confirmed_at") or "") for facts in forgotten]
    moments = [*confirmed, *there, *(datetime.fromisoformat(text) for text in texts if text)]
    return [moment for moment in moments if moment is not None]


def _strict_place_of(host: Host) -> Environment | None:
    for jump in _jumps_of(host):
        # From there, any name could be a machine of those rules.
        if jump.environment_id != host.environment_id and _is_strict(jump):
            return jump.environment
    same: Any = Q(address__iexact=host.address) | Q(credential_id=host.credential_id)
    if re.match(LOOPBACK, host.address):
        same |= Q(address__regex=LOOPBACK, jump=host.jump_id)
    if host.pk is not None:
        same |= Q(keys__key__in=HostKey.objects.filter(host=host.pk).values("key"))
    rows = _strict_hosts_beside(host).filter(same)
    other = rows.select_related("environment").first()
    return other.environment if other else None


def _jumps_of(host: Host) -> list[Host]:
    """The hosts on the way; a loop is refused by who saves it."""
    way: list[Host] = []
    jump = host.jump
    while jump is not None and jump not in way:
        way.append(jump)
        jump = jump.jump
    return way


def _hosts_once_known_by(fingerprint: str) -> Iterable[int]:
    """Keys are removed when a machine is set up anew; the record keeps whose they were."""
    events = ConfigurationEvent.objects.filter(
        Q(kind=kinds.HOST_KEY_CONFIRMED)
        | Q(kind=kinds.HOST_KEY_FORGOTTEN, facts__has_key="confirmed_at"),
        subject_type="host",
        facts__fingerprint=fingerprint,
    )
    return [int(pk) for pk in events.values_list("subject_id", flat=True)]


def _missing(host: Host, strict: Environment) -> NeedsSecondAdmin:
    return NeedsSecondAdmin(
        f"{host} is, is reached through, or shares its address, key or credential with, a host of "
        f"{strict}, which asks for two Admins: another one must confirm this. Do it on the page of "
        "the host itself, where it waits for one."
    )


def is_young(person: User) -> bool:
    """Whether an account was made, or somebody reset how one signs in to it, within a day; or its
    password was chosen behind a link, which whoever made it has held too."""
    since = timezone.now() - YOUNG
    resets = ConfigurationEvent.objects.filter(
        kind__in=[kinds.PASSWORD_RESET, kinds.FACTOR_RESET, kinds.INVITATION_ACCEPTED],
        subject_type="user",
        subject_id=str(person.pk),
        at__gt=since,
    )
    return person.date_joined > since or resets.exists()


def is_second(by: User, confirmed_by: User | None) -> bool:
    """Whether somebody else who administers, and not since today, confirmed it."""
    return (
        confirmed_by is not None
        and confirmed_by.pk != by.pk
        and confirmed_by.is_active
        and confirmed_by.has_perm("plans.change_environment")
        # An account that the first one made, or took over, for this is no second person.
        and not is_young(confirmed_by)
    )
