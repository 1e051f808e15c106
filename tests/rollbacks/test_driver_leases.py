"""One driver at a time: leases, slices and the lock of the environment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rollback_console.remote.pool import Pool
from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.actions import approvals, requests
from rollback_console.rollbacks.execution import connections, driver, lease
from rollback_console.rollbacks.models import Rollback, StepRun
from tests import make
from tests.fleet import Fleet
from tests.make import PLAN, Stage

from .driving import answer_checks, drive, meanwhile, meanwhile_stopped

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_worker_that_ends_leaves_the_command_to_the_next_one(stage: Stage, fleet: Fleet) -> None:
    rollback = make.approved(stage, PLAN.replace("echo restoring", "hang restoring"))

    def deploy() -> None:
        fleet.wait_for("restoring").say(b"first half, ")
        driver.stopping.set()

    with pytest.MonkeyPatch.context():
        rollback = meanwhile_stopped(rollback, fleet, deploy)
    assert rollback.state == "running"
    driver.stopping.clear()
    run = fleet.wait_for("restoring")
    run.say(b"second half\n")
    run.end()
    rollback = drive(rollback, fleet)
    assert rollback.state == "verifying"
    assert log_store.read_log(rollback.runs.get(position=2)) == b"first half, second half\n"
    assert set(fleet.starts.values()) == {1}


def test_a_connection_is_kept_from_slice_to_slice(
    stage: Stage, fleet: Fleet, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SLICE = timedelta(seconds=0.3)
    monkeypatch.setattr(connections, "kept", Pool(fleet.connect))
    rollback = make.approved(stage, PLAN.replace("echo restoring", "hang restoring"))
    slices = 0
    while not any("restoring" in script for _, script in fleet.order):
        assert driver.advance(rollback.pk)
    while slices < 4 or not fleet.wait_for("restoring").outcome:
        assert driver.advance(rollback.pk)
        slices += 1
        run = fleet.wait_for("restoring")
        run.say(b"slice %d\n" % slices)
        if slices == 4:
            run.end()
    while driver.advance(rollback.pk):
        pass
    rollback.refresh_from_db()
    assert rollback.state == "verifying"
    assert (
        log_store.read_log(rollback.runs.get(position=2)) == b"slice 1\nslice 2\nslice 3\nslice 4\n"
    )
    assert fleet.connected == {"app-1": 1}
    assert set(fleet.starts.values()) == {1}


def test_two_drivers_never_share_a_rollback(stage: Stage, fleet: Fleet) -> None:
    rollback = make.approved(stage)
    assert lease.claim(rollback.pk, "somebody else") == 1
    assert driver.advance(rollback.pk, fleet.connect) is False
    assert not fleet.order


def test_a_driver_that_lost_its_lease_writes_nothing(stage: Stage, fleet: Fleet) -> None:
    rollback = make.approved(stage, PLAN.replace("echo restoring", "hang restoring"))

    def steal() -> None:
        fleet.wait_for("restoring")
        Rollback.objects.filter(pk=rollback.pk).update(fence=100, lease_until=None)
        StepRun.objects.filter(rollback=rollback).update(fence=100)
        fleet.wait_for("restoring").say(b"stale\n")
        fleet.wait_for("restoring").end()

    rollback = meanwhile(rollback, fleet, steal)
    assert rollback.state == "verifying"
    assert log_store.read_log(rollback.runs.get(position=2)) == b"stale\n"
    assert set(fleet.starts.values()) == {1}
    assert rollback.events.filter(kind="step.finished", facts__position=2).count() == 1


def test_the_second_rollback_of_an_environment_is_refused_and_says_why(
    stage: Stage, fleet: Fleet
) -> None:
    first = drive(make.approved(stage), fleet)
    second = requests.open_request(first.revision, by=stage.cast.dana, reason="again", choices={})
    approvals.approve(second, by=stage.cast.lee, snapshot_sha256=second.snapshot_sha256)
    second = drive(second, fleet)
    assert second.state == "approved"
    assert str(first.pk) in second.events.get(kind="start.refused").facts["why"]
    answer_checks(first, stage)
    drive(first, fleet)
    requests.start(second, by=stage.cast.dana)
    assert drive(second, fleet).state == "verifying"
