"""`manage.py sweep`: the sweeper process."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from rollback_console.audit.origin import SYSTEM, acting_from

from ...sweeper import loop


class Command(BaseCommand):
    """Runs until SIGTERM or SIGINT."""

    help = "Drives what no worker drives, ends what expired; run one or two of it, always."

    def handle(self, *_: Any, **__: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        with acting_from(SYSTEM):
            loop.forever(stop)
