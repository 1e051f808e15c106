"""Versions that must not be deployed again, for pipelines to ask about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from rollback_console.audit import kinds
from rollback_console.audit.integrity.row_ledger import added, changed
from rollback_console.audit.record import record_change
from rollback_console.plans.models import Service

from ..errors import Refused
from ..events import record
from ..models import Pin, Rollback


def current_pins(service: Service, version: str) -> QuerySet[Pin]:
    """The pins that forbid `version`: a pinned commit also forbids its abbreviations."""
    pins = Pin.objects.filter(service=service, lifted_at=None)
    matching = [pin.pk for pin in pins if _same(pin.version, version.strip())]
    return pins.filter(pk__in=matching)


def pins_among(service: Service, values: Iterable[str]) -> list[Pin]:
    """The pins that forbid one of these values: a request that names one goes back to it."""
    versions = {value.strip() for value in values}
    pins = Pin.objects.filter(service=service, lifted_at=None)
    return [pin for pin in pins if any(_same(pin.version, each) for each in versions)]


@transaction.atomic
def pin(
    service: Service, *, version: str, by: User, reason: str, rollback: Rollback | None = None
) -> Pin:
    """Mark a version as one that must not be deployed again."""
    if not by.has_perm("rollbacks.operate_rollback", service):
        raise Refused("You may not pin a version. Ask an operator.")
    if not version.strip() or not reason.strip():
        raise Refused("Name the version and say why nobody should deploy it.")
    made = Pin.objects.create(
        service=service, version=version.strip(), reason=reason, rollback=rollback, by=by, at=Now()
    )
    facts: dict[str, Any] = {"service": service.name, "reason": reason, "rows": [added(made)]}
    record_change(kinds.PIN_ADDED, by=by, subject=made, **facts)
    if rollback is not None:
        record(rollback, "version.pinned", by=by, version=made.version, reason=reason)
    return made


@transaction.atomic
def lift_pin(pin: Pin, *, by: User, reason: str) -> Pin:
    """Let a version be deployed again; who did it and why stays with the pin."""
    if not by.has_perm("rollbacks.operate_rollback", pin):
        raise Refused("You may not lift a pin. Ask an operator.")
    if not reason.strip():
        raise Refused("Say why this version may be deployed again.")
    standing_pin = Pin.objects.filter(pk=pin.pk, lifted_at=None)
    if not standing_pin.update(lifted_at=Now(), lifted_by=by, lifted_because=reason.strip()):
        raise Refused("This pin was lifted already.")
    rows = [changed(pin, "lifted_at", "lifted_by", "lifted_because")]
    facts: dict[str, Any] = {"service": pin.service.name, "reason": reason, "rows": rows}
    record_change(kinds.PIN_LIFTED, by=by, subject=pin, **facts)
    if pin.rollback is not None:
        record(pin.rollback, "version.unpinned", by=by, version=pin.version, reason=reason)
    pin.refresh_from_db()
    return pin


def _same(pinned: str, version: str) -> bool:
    short, long = sorted((pinned, version), key=len)
    commits = len(short) >= 7 and all(each in "0123456789abcdef" for each in long.lower())
    return pinned == version or (commits and long.lower().startswith(short.lower()))
