"""Django registration of this package: it works along inside the sweeper's process."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig


class WatchConfig(AppConfig):
    """Listens for the sweeper's beginning."""

    name = "rollback_console.watch"

    def ready(self) -> None:
        from rollback_console.rollbacks import signals

        signals.sweeping.connect(_begin, dispatch_uid="watch")


def _begin(stop: Any, **_: Any) -> None:
    from . import loop

    loop.start_thread(stop)
