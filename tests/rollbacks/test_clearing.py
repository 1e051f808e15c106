"""What hosts keep of attempts is cleared away, by whoever is left to do it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import override_settings

from rollback_console.plans.models import Environment
from rollback_console.remote.protocol import Ending
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.execution import driver
from rollback_console.rollbacks.execution.runs import follower_group
from rollback_console.rollbacks.models import Rollback, StepRun
from rollback_console.rollbacks.sweeper import host_cleanup
from tests import make
from tests.fleet import Fleet
from tests.make import PLAN, Stage

from .driving import drive, meanwhile
from .test_second_thoughts import Killed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dead(stage: Stage, fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> StepRun:
    """The first step ended and is stored; its driver died before the host heard of it."""

    def die(name: str) -> None:
        if name == "outcome.stored":
            raise Killed

    rollback = make.approved(stage)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(follower_group, "failpoint", die)
        driver.advance(rollback.pk, fleet.connect)
    Rollback.objects.update(lease_until=None)
    run = StepRun.objects.get(position=1)
    assert (run.state, run.cleared) == ("succeeded", False)
    return run


def a_minute_passes() -> None:
    StepRun.objects.exclude(ended_at=None).update(ended_at=db_clock.later(timedelta(seconds=-61)))


def test_a_driver_notes_what_its_hosts_have_cleared(stage: Stage, fleet: Fleet) -> None:
    rollback = drive(make.approved(stage), fleet)
    assert set(rollback.runs.values_list("cleared", flat=True)) == {True}
    a_minute_passes()
    assert host_cleanup.clear_folders(fleet.connect) == 0


def test_what_a_dead_driver_left_is_cleared_by_the_sweep(fleet: Fleet, dead: StepRun) -> None:
    token = str(dead.token)
    fleet.acknowledged.clear()
    assert host_cleanup.clear_folders(fleet.connect) == 0, "a driver may still be at it"
    a_minute_passes()
    assert host_cleanup.clear_folders(fleet.connect) == 1
    assert fleet.acknowledged == {token}
    assert host_cleanup.clear_folders(fleet.connect) == 0


def test_a_host_that_does_not_answer_is_asked_again_later(fleet: Fleet, dead: StepRun) -> None:
    a_minute_passes()
    fleet.down.add("app-1")
    assert host_cleanup.clear_folders(fleet.connect) == 0
    fleet.down.clear()
    assert host_cleanup.clear_folders(fleet.connect) == 1


def test_hosts_of_another_zone_are_left_to_its_own_sweeper(
    fleet: Fleet, dead: StepRun, stage: Stage
) -> None:
    a_minute_passes()
    Environment.objects.filter(pk=stage.environment.pk).update(zone="dmz")
    assert host_cleanup.clear_folders(fleet.connect) == 0
    with override_settings(ZONES=["dmz"]):
        assert host_cleanup.clear_folders(fleet.connect) == 1


def test_of_what_is_lost_the_host_keeps_what_it_has(fleet: Fleet, dead: StepRun) -> None:
    a_minute_passes()
    StepRun.objects.filter(pk=dead.pk).update(state="lost")
    assert host_cleanup.clear_folders(fleet.connect) == 0


@pytest.mark.parametrize(
    ("ending", "state"),
    [(Ending.LOST, "lost"), (Ending.ABORT_UNCONFIRMED, "abort_unconfirmed")],
)
def test_a_driver_leaves_the_folder_of_what_nobody_can_tell_the_end_of(
    stage: Stage, fleet: Fleet, ending: Ending, state: str
) -> None:
    rollback = make.approved(stage, PLAN.replace("echo restoring", "hang restoring"))
    meanwhile(rollback, fleet, lambda: fleet.wait_for("restoring").end(ending, None, "Look."))
    first, second = rollback.runs.filter(position__lte=2)
    assert second.state == state
    assert fleet.acknowledged == {str(first.token)}
    assert (first.cleared, second.cleared) == (True, False)
