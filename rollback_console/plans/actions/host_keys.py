"""Host keys: noted first, and trusted only once a person confirmed them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from rollback_console.audit import kinds
from rollback_console.audit.integrity.row_ledger import RowChange, added, changed, removed
from rollback_console.audit.record import record_change
from rollback_console.remote import connector
from rollback_console.remote.protocol import HostKeyPin

from ..errors import KeyWasRemoved, PlanError
from ..inventory.key_removals import find_revocation, key_removals
from ..models import Host, HostKey
from ..permission import permit
from .second_admin import require_second_for_key

LONGEST_REASON = 500  # characters


def scan_host(host: Host, *, by: User) -> list[HostKey]:
    """Ask the host for its keys and note them, unconfirmed, for a person to compare.

    Raises the errors of remote.errors when it does not answer.
    """
    permit(by, "plans.change_host", "change hosts")
    return note_keys(host, fetch_keys(host), by=by)


def fetch_keys(host: Host) -> list[HostKeyPin]:
    """The keys that the host shows now. Reads and writes no table, so that many can be asked at
    once. Raises the errors of remote.errors when it does not answer."""
    return connector.scan_host_keys(host.address, host.port, older_algorithms=host.older_algorithms)


@transaction.atomic
def note_keys(host: Host, pins: Iterable[HostKeyPin], *, by: User | None) -> list[HostKey]:
    """Keep keys that the host showed or a person read off it, unconfirmed."""
    permit(by, "plans.change_host", "change hosts")
    return [_noted(host, pin, by) for pin in pins]


@transaction.atomic
def confirm_key(
    key: HostKey, *, by: User | None, confirmed_by: User | None = None, reason: str = ""
) -> HostKey:
    """A person says that this fingerprint is the host's; None is who made the host.

    Raises NeedsSecondAdmin for a key of a machine that stands under stricter rules, and
    KeyWasRemoved for a key that somebody removed, unless `reason` says why it counts again.
    """
    permit(by, "plans.change_host", "change hosts")
    key.refresh_from_db()
    if key.confirmed_at is not None:  # since when it is known stays on record
        return key
    require_second_for_key(key, by=by, confirmed_by=confirmed_by)
    facts = require_reason(key, reason) if by is not None else {}
    HostKey.objects.filter(pk=key.pk).update(confirmed_by=by, confirmed_at=Now())
    key.refresh_from_db()
    row = changed(key, "confirmed_by", "confirmed_at")
    _record(kinds.HOST_KEY_CONFIRMED, key, by, row, **facts)
    return key


def require_reason(key: HostKey, reason: str) -> dict[str, str]:
    """The fact that goes on record with the confirmation of a key that somebody removed; nothing
    for any other key. Raises KeyWasRemoved where the reason is missing, and PlanError for a key
    that was revoked, whatever the reason."""
    if revocation := find_revocation(key.fingerprint):
        raise PlanError(
            f"{key.fingerprint} was revoked on {revocation.at:%Y-%m-%d} by "
            f"{revocation.by_name or 'the command line'}: no host may show it any more. Make a new "
            f"key on {key.host}, then confirm that one."
        )
    removal = key_removals([key]).get(key.fingerprint)
    if removal is None:
        return {}
    if not reason.strip():
        raise KeyWasRemoved(
            f"{key.fingerprint} was removed from {removal.facts['host']} on {removal.at:%Y-%m-%d} "
            f"by {removal.by_name or 'the command line'}. If it is the key of {key.host} all the "
            "same, confirm it on the page of the host and say why."
        )
    return {"reason": reason.strip()[:LONGEST_REASON]}


@transaction.atomic
def confirm_keys(keys: Iterable[HostKey], *, by: User | None) -> list[HostKey]:
    """Confirm several, all or none, each on record by itself."""
    return [confirm_key(key, by=by) for key in keys]


@transaction.atomic
def forget_key(key: HostKey, *, by: User | None) -> None:
    """Trust a key no longer."""
    permit(by, "plans.change_host", "change hosts")
    _forget(key, by)


@transaction.atomic
def revoke_keys(host: Host, pins: Iterable[HostKeyPin], *, by: User | None) -> None:
    """Trust these keys never again, on whatever host: who has their private part can be any."""
    permit(by, "plans.change_host", "change hosts")
    for pin in pins:
        _noted(host, pin, by)
        for key in HostKey.objects.select_related("host").filter(type=pin.type, key=pin.key):
            _forget(key, by, revoked=True)


def _forget(key: HostKey, by: User | None, **more: Any) -> None:
    known = {"confirmed_at": key.confirmed_at.isoformat()} if key.confirmed_at else {}
    _record(kinds.HOST_KEY_FORGOTTEN, key, by, removed(key), **known, **more)
    key.delete()


def _noted(host: Host, pin: HostKeyPin, by: User | None) -> HostKey:
    key, is_new = host.keys.get_or_create(type=pin.type, key=pin.key)
    if is_new:
        _record(kinds.HOST_KEY_NOTED, key, by, added(key))
    return key


def _record(kind: str, key: HostKey, by: User | None, row: RowChange, **more: Any) -> None:
    """Under the host, whose page shows what happened to its keys."""
    facts: dict[str, Any] = {"type": key.type, "fingerprint": key.fingerprint, **more}
    record_change(kind, by=by, subject=key.host, rows=[row], host=key.host.name, **facts)
