"""`manage.py verify_audit`: whether any event was edited or removed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...events import flaws


class Command(BaseCommand):
    """Exits 0 when every stream is whole, 1 and the first bad row of each when not."""

    help = "Checks every rollback's chain of events and names the first bad row of each."

    def handle(self, *_: Any, **__: Any) -> None:
        found = [f"rollback {flaw.rollback}: event {flaw.seq} {flaw.what}" for flaw in flaws()]
        if found:
            raise CommandError("The audit does not hold. " + "; ".join(found) + ".")
        self.stdout.write("Every event is as it was written.")
