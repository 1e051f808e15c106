"""A rollback driven to where nothing is due, in this thread or beside one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.execution import driver
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Rollback
from tests.fleet import Fleet
from tests.make import Stage


def drive(rollback: Rollback, fleet: Fleet) -> Rollback:
    """Slices until nothing is due, as a worker would."""
    while driver.advance(rollback.pk, fleet.connect):
        pass
    rollback.refresh_from_db()
    return rollback


def meanwhile(rollback: Rollback, fleet: Fleet, act: Callable[[], Any]) -> Rollback:
    """Drive in a thread while `act` happens, then drive what is left."""
    errors: list[BaseException] = []

    def work() -> None:
        try:
            drive(Rollback.objects.get(pk=rollback.pk), fleet)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        act()
    finally:
        thread.join(timeout=30)
    assert not errors
    assert not thread.is_alive()
    return drive(rollback, fleet)


def meanwhile_stopped(rollback: Rollback, fleet: Fleet, act: Callable[[], Any]) -> Rollback:
    meanwhile(rollback, fleet, act)
    rollback.refresh_from_db()
    return rollback


def states(rollback: Rollback) -> list[tuple[int, int, str]]:
    return [(run.position, run.attempt, run.state) for run in rollback.runs.all()]


def answer_checks(rollback: Rollback, stage: Stage, answer: str = "pass") -> None:
    keys = [check.key for check in snapshot_of(rollback.snapshot).checks]
    for key in keys:
        steering.answer_check(rollback, key=key, by=stage.cast.dana, answer=answer, note="seen")
