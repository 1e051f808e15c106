"""What the sweep drives by itself while no worker does."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rollback_console.plans.models import DecisionMaker, Environment
from rollback_console.remote.pool import Pool
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.execution import connections, driver
from rollback_console.rollbacks.models import ProcessSeen, StepRun
from rollback_console.rollbacks.sweeper import loop
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
    monkeypatch.setattr(loop, "enqueue", lambda number: False)
    monkeypatch.setattr(loop, "ROOM", 1)
    for number in range(3):
        make.approved(elsewhere(stage, number), PLAN.replace("echo stopping", f"hang {number}"))
    driving: dict[int, Future[None]] = {}
    with ThreadPoolExecutor(max_workers=1) as pool:
        try:
            for number in range(3):
                while not StepRun.objects.filter(host=f"host-{number}", state="running").exists():
                    loop.once(pool, driving)
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
    monkeypatch.setattr(loop, "enqueue", handed.append)
    rollback = make.approved(stage, PLAN.replace("echo stopping", "hang 1"))
    with ThreadPoolExecutor(max_workers=1) as pool:
        driving: dict[int, Future[None]] = {}
        loop.once(pool, driving)
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
    zone_warnings = loop.ZoneWarnings()
    assert [warned(), warned(), warned()] == [1, 1, 1]
    worker = ProcessSeen.objects.create(name="w", role="worker", zones=["dmz"], at=db_clock.now())
    assert warned() == 1
    worker.delete()
    assert [warned(), warned()] == [2, 2]
