"""What the sweep drives by itself while no worker does."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from rollback_console.plans.models import DecisionMaker, Environment
from rollback_console.remote.pool import Pool
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.execution import connections, driver
from rollback_console.rollbacks.models import ProcessSeen, StepRun
from rollback_console.rollbacks.sweeper import due_rollbacks
from rollback_console.rollbacks.sweeper.periodic_work import PeriodicWork, Sweeper, Timetable
from rollback_console.rollbacks.sweeper.zone_warnings import ZoneWarnings
from tests import make
from tests.fleet import Fleet
from tests.make import PLAN, Stage

pytestmark = pytest.mark.django_db(transaction=True)


def elsewhere(stage: Stage, number: int) -> Stage:
    """Another environment with the same people and a host of its own."""
    environment = Environment.objects.create(slug=f"e-{number}", name=f"E{number}")
    DecisionMaker.objects.create(environment=environment, user=stage.cast.lee, role="Lead")
    host = make.host(environment, f"host-{number}", stage.cast.ada)
    return replace(stage, environment=environment, host=host)


def test_more_rollbacks_than_it_has_room_for_take_turns(
    stage: Stage, fleet: Fleet, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SLICE = timedelta(seconds=0.2)
    monkeypatch.setattr(connections, "kept", Pool(fleet.connect, idle=0))
    monkeypatch.setattr(due_rollbacks, "enqueue", lambda number: False)
    monkeypatch.setattr(due_rollbacks, "ROOM", 1)
    for number in range(3):
        make.approved(elsewhere(stage, number), PLAN.replace("echo stopping", f"hang {number}"))
    driving: dict[int, Future[None]] = {}
    with ThreadPoolExecutor(max_workers=1) as pool:
        try:
            for number in range(3):
                while not StepRun.objects.filter(host=f"host-{number}", state="running").exists():
                    due_rollbacks.drive_due(pool, driving)
                    next(iter(driving.values())).result(timeout=30)
        finally:
            driver.stopping.set()
    driver.stopping.clear()
    assert {host for host, _ in fleet.order} == {"host-0", "host-1", "host-2"}
    assert set(fleet.starts.values()) == {1}


def test_a_sweeper_that_is_ended_hands_what_it_drives_to_a_worker(
    stage: Stage, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "kept", Pool(fleet.connect, idle=0))
    handed: list[int] = []
    monkeypatch.setattr(due_rollbacks, "enqueue", handed.append)
    rollback = make.approved(stage, PLAN.replace("echo stopping", "hang 1"))
    with ThreadPoolExecutor(max_workers=1) as pool:
        driving: dict[int, Future[None]] = {}
        due_rollbacks.drive_due(pool, driving)
        handed.clear()
        while not StepRun.objects.filter(state="running").exists():
            assert not driving[rollback.pk].done()
        driver.stopping.set()
        driving[rollback.pk].result(timeout=30)
    assert handed == [rollback.pk]
    rollback.refresh_from_db()
    assert (rollback.lease_until, rollback.state) == (None, "running")


def test_an_unserved_zone_is_warned_of_once_until_somebody_serves_it(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    def warned() -> int:
        zone_warnings.sweep()
        return sum("No worker serves the zone dmz" in line for line in caplog.messages)

    Environment.objects.filter(pk=stage.environment.pk).update(zone="dmz")
    zone_warnings = ZoneWarnings()
    assert [warned(), warned(), warned()] == [1, 1, 1]
    worker = ProcessSeen.objects.create(name="w", role="worker", zones=["dmz"], at=db_clock.now())
    assert warned() == 1
    worker.delete()
    assert [warned(), warned()] == [2, 2]


def test_each_row_runs_when_its_time_has_come_and_holds_up_no_other() -> None:
    seen: list[str] = []
    clock = [0.0]

    def fail(_: Sweeper) -> None:
        seen.append("fails")
        raise OperationalError("The database is away")

    rows = (
        PeriodicWork("fail", timedelta(0), fail),
        PeriodicWork("do it each time", timedelta(0), lambda _: seen.append("each")),
        PeriodicWork("do it by the minute", timedelta(minutes=1), lambda _: seen.append("minute")),
    )
    timetable = Timetable(rows, clock=lambda: clock[0])
    with ThreadPoolExecutor(max_workers=1) as pool:
        for moment in (0.0, 5.0, 60.0):
            clock[0] = moment
            timetable.run_due(Sweeper(pool, pool))
    assert seen == ["fails", "each", "minute", "fails", "each", "fails", "each", "minute"]
