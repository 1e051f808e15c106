"""What eases an approval takes two Admins where the environment's rules say so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from rollback_console.audit import kinds
from rollback_console.audit.models import ConfigurationEvent

from ..approval.guarded_environments import is_guarded
from ..errors import PlanError
from ..models import Environment, Host, HostKey

YOUNG = timedelta(days=1)

RULES = (
    *("approvals_code", "approvals_data", "data_role", "second_person"),
    *("readiness_rule", "request_expires", "start_expires", "is_production"),
)
"""What of an environment says how many people, and who, must agree to what, and for how long."""

REACHED_BY = ("environment_id", "address", "port", "credential_id", "jump_id")
"""What of a host says which machine it is, and under whose rules."""

_STRICTNESS = {"never": 0, "quorum": 1, "always": 2}


class NeedsSecondAdmin(PlanError):
    """The act is allowed once another Admin confirmed it."""


def require_second_admin(
    environment: Environment, *, by: User | None, user: User, confirmed_by: User | None
) -> None:
    """Raises NeedsSecondAdmin where `by` may not make `user` a decision maker alone.

    Nobody names themselves, or an account that is young, in a guarded environment; the command
    line may.
    """
    if by is None or is_second(by, confirmed_by) or not is_guarded(environment):
        return
    if by.pk == user.pk or is_young(user):
        raise NeedsSecondAdmin(
            f"{environment}: another Admin must confirm {user} as a decision maker, because this "
            "is your own account, is younger than a day, or had its password or second factor "
            "reset within a day."
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
    return {name: getattr(environment, name) for name in RULES}


def require_second_for_easing(
    row: Environment, before: dict[str, Any], *, by: User | None, confirmed_by: User | None = None
) -> None:
    """Raises NeedsSecondAdmin where the rules would be easier than those `before`."""
    if by is None or is_second(by, confirmed_by) or not _eases(before, rules_of(row)):
        return
    if is_guarded(row):
        raise NeedsSecondAdmin(
            f"{row}: another Admin must confirm that fewer people, or others, have to agree, that "
            "hosts need not be ready, or that an approval counts for longer. "
            "Change the rules on the environment's page, where the change waits for one."
        )


def _eases(before: dict[str, Any], after: dict[str, Any]) -> bool:
    strictness = _STRICTNESS.get
    return (
        after["approvals_code"] < before["approvals_code"]
        or after["approvals_data"] < before["approvals_data"]
        or (before["data_role"] != "" and after["data_role"] != before["data_role"])
        or strictness(after["second_person"], 0) < strictness(before["second_person"], 0)
        or (before["readiness_rule"] == "block" and after["readiness_rule"] != "block")
        or any(after[name] > before[name] for name in ("request_expires", "start_expires"))
        or (before["is_production"] and not after["is_production"])
    )


def require_second_for_host(
    host: Host, *, by: User | None, confirmed_by: User | None, before: Host | None = None
) -> None:
    """Raises NeedsSecondAdmin for a machine that one Admin would take out of stricter rules.

    `before` is the row as it was; `host` the unsaved one as it would be.
    """
    if by is None or is_second(by, confirmed_by):
        return
    if before is not None and _is_strict(before) and _differs(before, host):
        raise _missing(host, before.environment)
    if not _is_strict(host) and (strict := _strict_place_of(host)):
        raise _missing(host, strict)


def require_second_for_removal(host: Host, *, by: User | None, confirmed_by: User | None) -> None:
    """Raises NeedsSecondAdmin: a removed host could be listed again elsewhere."""
    if by is not None and _is_strict(host) and not is_second(by, confirmed_by):
        raise _missing(host, host.environment)


def require_second_for_key(key: HostKey, *, by: User | None, confirmed_by: User | None) -> None:
    """Raises NeedsSecondAdmin for a key by which a machine of stricter rules is known."""
    if by is None or _is_strict(key.host) or is_second(by, confirmed_by):
        return
    others = Host.objects.filter(environment__second_admin=True)
    known = others.filter(Q(keys__key=key.key) | Q(pk__in=_hosts_once_known_by(key.fingerprint)))
    if host := known.select_related("environment").first():
        raise _missing(key.host, host.environment)


def _is_strict(host: Host) -> bool:
    """What the table says, not what the caller read of the environment before."""
    return Environment.objects.filter(pk=host.environment_id, second_admin=True).exists()


def _differs(before: Host, after: Host) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in REACHED_BY)


def _strict_place_of(host: Host) -> Environment | None:
    same: Any = Q(address__iexact=host.address) | Q(credential_id=host.credential_id)
    if host.pk is not None:
        same |= Q(keys__key__in=HostKey.objects.filter(host=host.pk).values("key"))
    rows = Host.objects.filter(same, environment__second_admin=True).exclude(pk=host.pk)
    other = rows.select_related("environment").first()
    return other.environment if other else None


def _hosts_once_known_by(fingerprint: str) -> Iterable[int]:
    """Keys are removed when a machine is set up anew; the record keeps whose they were."""
    events = ConfigurationEvent.objects.filter(
        kind=kinds.HOST_KEY_CONFIRMED, subject_type="host", facts__fingerprint=fingerprint
    )
    return [int(pk) for pk in events.values_list("subject_id", flat=True)]


def _missing(host: Host, strict: Environment) -> NeedsSecondAdmin:
    return NeedsSecondAdmin(
        f"{host} is, or shares its address, key or credential with, a host of {strict}, which "
        "asks for two Admins: another one must confirm this. Do it on the page of the host itself, "
        "where it waits for one."
    )


def is_young(person: User) -> bool:
    """Whether an account was made, or somebody reset how one signs in to it, within a day."""
    since = timezone.now() - YOUNG
    resets = ConfigurationEvent.objects.filter(
        kind__in=[kinds.PASSWORD_RESET, kinds.FACTOR_RESET],
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
