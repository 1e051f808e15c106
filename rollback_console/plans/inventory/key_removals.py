"""Host keys that a person removed: the record remembers them, under whatever host they return."""

from __future__ import annotations

from collections.abc import Iterable

from rollback_console.audit import kinds
from rollback_console.audit.models import ConfigurationEvent

from ..models import HostKey


def key_removals(keys: Iterable[HostKey]) -> dict[str, ConfigurationEvent]:
    """By fingerprint, the removal of each of these keys that nobody has confirmed since.

    A machine that is listed anew keeps its key, so every host counts, also one that is gone.
    """
    fingerprints = [key.fingerprint for key in keys if key.confirmed_at is None]
    events = ConfigurationEvent.objects.filter(
        kind__in=[kinds.HOST_KEY_CONFIRMED, kinds.HOST_KEY_FORGOTTEN],
        facts__fingerprint__in=fingerprints,
    )
    last = {str(event.facts["fingerprint"]): event for event in events.order_by("seq")}
    return {each: event for each, event in last.items() if event.kind == kinds.HOST_KEY_FORGOTTEN}


def find_revocation(fingerprint: str) -> ConfigurationEvent | None:
    """When somebody said that no host may show this key any more: nothing takes that back."""
    events = ConfigurationEvent.objects.filter(
        kind=kinds.HOST_KEY_FORGOTTEN, facts__fingerprint=fingerprint, facts__revoked=True
    )
    return events.order_by("seq").first()
