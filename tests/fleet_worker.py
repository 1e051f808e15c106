"""A worker whose hosts are a fleet in memory: `celery --app tests.fleet_worker worker`."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_init

from rollback_console.celery import app as app


@worker_init.connect
def work_on_fleet(**_: Any) -> None:
    """Once Django is set up: no connection of this process leads to a real host."""
    from rollback_console.remote.pool import Pool
    from rollback_console.rollbacks.execution import connections

    from .fleet import Fleet

    connections.kept = Pool(Fleet(silence=0.5).connect)
