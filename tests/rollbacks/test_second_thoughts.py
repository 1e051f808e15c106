"""What must not begin, although it was approved or even committed: hosts are in memory."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from rollback_console.plans.models import Host
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.actions import approvals, requests, steering
from rollback_console.rollbacks.execution import driver
from rollback_console.rollbacks.execution.runs import follower
from rollback_console.rollbacks.models import Rollback, StepRun
from tests import make
from tests.fleet import Fleet
from tests.make import PLAN, Stage
from tests.toolbox.waiting import until

from .driving import drive, meanwhile

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """The driving thread dies, as its process would."""


def killed_before_launch(
    rollback: Rollback, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> Rollback:
    """An attempt is committed, its host was never asked, its driver is dead."""

    def die(name: str) -> None:
        if name == "attempt.committed":
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(driver, "failpoint", die)
        driver.advance(rollback.pk, fleet.connect)
    Rollback.objects.filter(pk=rollback.pk).update(lease_until=None)
    return rollback


def test_an_abort_never_starts_what_had_not_begun(
    stage: Stage, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollback = killed_before_launch(make.approved(stage), fleet, monkeypatch)
    steering.request_abort(rollback, by=stage.cast.dana, reason="Not now")
    rollback = drive(rollback, fleet)
    assert rollback.state == "aborted"
    assert rollback.runs.get(position=1).state == "aborted"
    assert not fleet.starts


def test_a_step_given_up_is_not_started_when_its_host_returns(
    stage: Stage, fleet: Fleet, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.UNREACHABLE_LIMIT = timedelta(0)
    monkeypatch.setattr(follower, "BACKOFF", (0.02,))
    make.host(stage.environment, "app-2", stage.cast.ada)
    revision = make.plan(stage, PLAN.replace("echo stopping", "hang it"), hosts="app-1 app-2")
    rollback = requests.open_request(revision, by=stage.cast.dana, reason="Errors", choices={})
    approvals.approve(rollback, by=stage.cast.lee, snapshot_sha256=rollback.snapshot_sha256)
    killed_before_launch(rollback, fleet, monkeypatch)
    fleet.down.add("app-1")

    def give_up() -> None:
        rows = Rollback.objects.filter(pk=rollback.pk)
        until(rows.filter(question__kind="unreachable").exists)
        steering.answer(
            rollback, position=1, by=stage.cast.dana, answer="give_up", note="It burnt down"
        )
        until(rows.filter(question={}).exists)
        fleet.down.clear()
        other = fleet.wait_for("hang")
        other.say(b"all this time app-1 is up again\n")
        until(StepRun.objects.filter(host="app-2", stored__gt=0).exists)
        other.end()

    rollback = meanwhile(rollback, fleet, give_up)
    assert (rollback.state, rollback.question["kind"]) == ("waiting", "lost")
    assert fleet.order == [("app-2", "hang it\n")]


def test_giving_up_and_a_host_that_returns_at_that_moment_agree(
    stage: Stage, fleet: Fleet, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.UNREACHABLE_LIMIT = timedelta(0)
    monkeypatch.setattr(follower, "BACKOFF", (0.001,))
    rollback = killed_before_launch(
        make.approved(stage, PLAN.replace("echo stopping", "hang it")), fleet, monkeypatch
    )
    fleet.down.add("app-1")

    def both() -> None:
        rows = Rollback.objects.filter(pk=rollback.pk)
        until(rows.filter(question__kind="unreachable").exists)
        fleet.down.clear()
        steering.answer(
            rollback, position=1, by=stage.cast.dana, answer="give_up", note="It burnt down"
        )
        until(lambda: _settled(rollback))
        if fleet.starts:
            fleet.wait_for("hang").end()

    rollback = meanwhile(rollback, fleet, both)
    first = rollback.runs.get(position=1)
    lost = rollback.events.filter(kind="step.lost").count()
    if fleet.starts:  # it was back in time: nothing was given up
        assert (first.state, first.answer, lost) == ("succeeded", "", 0)
    else:
        assert (first.state, first.why, lost) == ("lost", "It burnt down", 1)


def _settled(rollback: Rollback) -> bool:
    run = rollback.runs.get(position=1)
    return run.state == "lost" or (run.state == "running" and not run.answer)


def test_what_was_given_up_is_lost_only_once_its_host_is_let_go(
    stage: Stage, fleet: Fleet, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.UNREACHABLE_LIMIT = timedelta(0)
    rollback = killed_before_launch(make.approved(stage), fleet, monkeypatch)
    fleet.down.add("app-1")
    while not rollback.question:
        settings.SLICE = timedelta(seconds=1)
        driver.advance(rollback.pk, fleet.connect)
        rollback.refresh_from_db()
    steering.answer(rollback, position=1, by=stage.cast.dana, answer="give_up", note="It burnt")
    assert rollback.runs.get(position=1).state == "launching"
    fleet.down.clear()
    rollback = drive(rollback, fleet)
    assert rollback.runs.get(position=1).state == "lost"
    assert not fleet.starts


@pytest.mark.parametrize("is_moved", [False, True])
@pytest.mark.parametrize("is_aborted", [False, True])
def test_what_a_dead_worker_left_is_asked_about_once_connecting_took_its_time(
    stage: Stage,
    fleet: Fleet,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    is_aborted: bool,
    is_moved: bool,
) -> None:
    settings.CONNECT_PATIENCE, settings.SLICE = 0.1, timedelta(seconds=1)
    rollback = killed_before_launch(make.approved(stage), fleet, monkeypatch)
    if is_moved:
        Host.objects.update(address="192.0.2.99")
    else:
        fleet.down.add("app-1")
    if is_aborted:
        steering.request_abort(rollback, by=stage.cast.dana, reason="Not now")
    while not rollback.question:
        driver.advance(rollback.pk, fleet.connect)
        rollback.refresh_from_db()
    cause = "was changed from 192.0.2.1 to 192.0.2.99" if is_moved else "nobody listens there"
    assert rollback.question["kind"] == "unreachable"
    assert cause in rollback.runs.get(position=1).why
    steering.answer(rollback, position=1, by=stage.cast.dana, answer="give_up", note="It burnt")
    rollback = drive(rollback, fleet)
    assert rollback.runs.get(position=1).state == "lost"
    assert rollback.state == ("aborted" if is_aborted else "waiting")
    assert not fleet.starts


def test_a_step_whose_host_got_another_address_asks_at_once(
    stage: Stage, fleet: Fleet, settings: Any
) -> None:
    settings.SLICE = timedelta(seconds=1)
    rollback = make.approved(stage, PLAN.replace("echo stopping", "hang it"))
    rows = Rollback.objects.filter(pk=rollback.pk)

    def move_host() -> None:
        fleet.wait_for("hang")
        until(rollback.runs.filter(position=1, state="running").exists)
        Host.objects.update(address="192.0.2.99")
        until(rows.filter(question__kind="unreachable").exists)
        assert "from 192.0.2.1 to 192.0.2.99" in rollback.runs.get(position=1).why
        steering.answer(
            rollback, position=1, by=stage.cast.dana, answer="give_up", note="It was moved"
        )

    rollback = meanwhile(rollback, fleet, move_host)
    assert (rollback.state, rollback.question["kind"]) == ("waiting", "lost")


def test_an_approval_that_expired_is_not_started_even_before_the_sweep(
    stage: Stage, fleet: Fleet
) -> None:
    rollback = make.approved(stage)
    Rollback.objects.filter(pk=rollback.pk).update(expires_at=db_clock.now())
    rollback = drive(rollback, fleet)
    assert rollback.state == "expired"
    assert not fleet.starts


def test_an_approval_by_somebody_who_may_not_approve_any_more_starts_nothing(
    stage: Stage, fleet: Fleet
) -> None:
    rollback = make.approved(stage)
    User.objects.filter(pk=stage.cast.lee.pk).update(is_active=False)
    rollback = drive(rollback, fleet)
    assert rollback.state == "approved"
    assert "any more" in rollback.events.get(kind="start.refused").facts["why"]
    assert not fleet.starts
