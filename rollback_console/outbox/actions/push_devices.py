"""A person lets one of their browsers receive push notifications, or no more."""

from __future__ import annotations

import base64
import binascii
import hashlib
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from rollback_console.audit import kinds
from rollback_console.audit.record import record_change
from rollback_console.plans.permission import require_self_or_admin
from rollback_console.rollbacks.errors import Refused

from ..models import PushDevice

MOST = 10
_POINT, _SECRET = 65, 16
"""Bytes of a browser's public key and of its secret (RFC 8291)."""


@transaction.atomic
def add_push_device(
    *, by: User, endpoint: str, public_key: str, auth: str, name: str
) -> PushDevice:
    """This browser of `by` is notified from now on; the same one twice is one."""
    _check(endpoint, public_key, auth)
    digest = hashlib.sha256(endpoint.encode()).hexdigest()
    former = PushDevice.objects.filter(endpoint_sha256=digest).first()
    if former and former.user_id == by.pk:
        return former
    if former:  # somebody else signed in with this browser before
        former.delete()
    User.objects.select_for_update().get(pk=by.pk)
    if by.push_devices.count() >= MOST:
        raise Refused(f"You have {MOST} devices already. Remove one first.")
    made = PushDevice.objects.create(
        user=by,
        endpoint=endpoint,
        endpoint_sha256=digest,
        public_key=public_key,
        auth=auth,
        name=name.strip()[:100] or "a browser",
        made_at=Now(),
    )
    made.refresh_from_db()
    record_change(kinds.PUSH_DEVICE_ADDED, by=by, subject=made)
    return made


@transaction.atomic
def remove_push_device(device: PushDevice, *, by: User) -> None:
    """That browser is notified no more."""
    require_self_or_admin(by, device.user)
    record_change(kinds.PUSH_DEVICE_REMOVED, by=by, subject=device)
    device.delete()


def _check(endpoint: str, public_key: str, auth: str) -> None:
    parts = urlsplit(endpoint)
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or len(endpoint) > 2000:
        raise Refused("A push service has an address that begins with https://.")
    if len(_bytes(public_key)) != _POINT or len(_bytes(auth)) != _SECRET:
        raise Refused("This browser's keys are not those of push notifications.")


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return b""
