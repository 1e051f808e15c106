"""Django registration of this room: groups, and what a worker process does around tasks."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_ready, worker_shutting_down
from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RollbacksConfig(AppConfig):
    """Registers signal receivers."""

    name = "rollback_console.rollbacks"

    def ready(self) -> None:
        from rollback_console.plans import signals

        from .permissions import grants, groups, used_plans
        from .signals import finished
        from .sweeper import readiness_schedule

        signals.answered.connect(readiness_schedule.heed, dispatch_uid="heed")
        finished.connect(readiness_schedule.ask_after_end, dispatch_uid="ask_after_end")
        grants.connect()
        post_migrate.connect(groups.ensure, dispatch_uid="groups")
        post_migrate.connect(used_plans.after_migrate, dispatch_uid="used plans")
        worker_ready.connect(_worker_ready, dispatch_uid="alive")
        worker_shutting_down.connect(_worker_stops, dispatch_uid="stop")


def _worker_ready(**_: Any) -> None:
    from .execution import driver
    from .queries import health

    health.keep_saying("worker", driver.stopping)


def _worker_stops(**_: Any) -> None:
    from .execution import driver

    driver.stopping.set()
