"""`manage.py rotate_keys`: everything under the first of MASTER_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rollback_console.audit import kinds
from rollback_console.audit.record import record_change
from rollback_console.plans.inventory.key_rotation import Counted, rotate_columns

from ...authentication.totp_rotation import rotate_factors


class Command(BaseCommand):
    """Exit code 1, and nothing to be removed from MASTER_KEYS yet, when a row fits no key."""

    help = (
        "Re-encrypts every credential, secret and second factor under the first of MASTER_KEYS. "
        "Safe to interrupt and to repeat."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        counted = Counted()
        rotate_columns(counted)
        rotate_factors(counted)
        if counted.renewed:
            record_change(kinds.KEYS_ROTATED, renewed=counted.renewed, lost=counted.lost)
        summary = f"{counted.renewed} renewed, {counted.current} were under the first key already."
        if counted.lost:
            rows = "; ".join(counted.lost)
            raise CommandError(f"{summary} No key of MASTER_KEYS opens these: {rows}.")
        self.stdout.write(f"{summary} Every other key can be removed from MASTER_KEYS now.\n")
