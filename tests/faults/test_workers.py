"""Rows 10, 11, 12, 14 and 34: workers that stall, meet, are deployed anew or are not there."""

from __future__ import annotations

import pytest

from rollback_console.rollbacks.actions import approvals, requests
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.make import Stage
from tests.remote.sshd import Sshd
from tests.toolbox.waiting import until

from . import promise
from .ground import LONG, Ground
from .promise import becomes, comes_to, fresh, kept, succeeds
from .stage import Console, Process, approved_quietly

pytestmark = pytest.mark.faults


@pytest.mark.representative
@pytest.mark.usefixtures("healers")
def test_a_worker_that_was_stopped_while_it_held_the_lease_writes_nothing_stale(
    console: Console, place: Stage, ground: Ground
) -> None:
    rollback, stalled = driven_by_one(console, place, ground, LEASE_SECONDS="6")
    stalled.freeze()
    fence = fresh(rollback).fence
    until(lambda: fresh(rollback).fence > fence, "another takes over", details=stalled.said)
    ground.go(2)
    becomes(rollback, 3, "running", "succeeded")
    stalled.thaw()
    until(
        lambda: "driven elsewhere now" in stalled.said(),
        "it sees that it lost",
        details=stalled.said,
    )
    succeeds(rollback, place)
    kept(rollback, ground)
    assert ground.starts() == {1: 1, 2: 1, 3: 1}


def driven_by_one(
    console: Console, place: Stage, ground: Ground, **more: str
) -> tuple[Rollback, Process]:
    """A rollback in the middle of its second step, and the one worker that drives it."""
    queue = f"of-{ground.folder.parent.name}"
    worker = console.worker(queue, more)
    rollback = approved_quietly(place, ground.plan("echo one", ground.held(2), "echo three"))
    console.send(rollback.pk, queue)
    half = rollback.runs.filter(position=2, state="running", stored__gt=0)
    until(half.exists, "its second step speaks", details=lambda: promise.story(rollback))
    assert f":{worker.pid}:" in fresh(rollback).lease_owner
    return rollback, worker


@pytest.mark.usefixtures("healers")
def test_a_message_delivered_five_times_to_two_workers_has_one_effect(
    console: Console, place: Stage, ground: Ground
) -> None:
    second = console.worker()
    rollback = approved_quietly(place, ground.plan("echo one", LONG, "echo three"))
    console.send(rollback.pk, times=5)
    becomes(rollback, 2, "running", "succeeded")
    console.send(rollback.pk, times=5)
    succeeds(rollback, place)
    kept(rollback, ground)
    assert ground.starts() == {1: 1, 2: 1, 3: 1}
    assert second.end() == 0


@pytest.mark.representative
@pytest.mark.usefixtures("healers")
def test_a_deploy_mid_step_hands_the_command_to_the_next_worker(
    console: Console, place: Stage, ground: Ground
) -> None:
    rollback, leaving = driven_by_one(console, place, ground, LEASE_SECONDS="30")
    assert leaving.end() == 0, leaving.said()
    assert not ground.ends()[2]
    assert fresh(rollback).state == "running"
    ground.go(2)
    succeeds(rollback, place)
    kept(rollback, ground)


def test_without_a_sweeper_a_live_worker_goes_on_and_readyz_names_what_is_missing(
    own_console: Console, sshd: Sshd, ground: Ground
) -> None:
    own_console.worker(SLICE_SECONDS="2")
    web = own_console.web()
    place = own_console.place(sshd.address())
    rollback = make.approved(place, ground.plan("echo one", LONG, LONG, LONG))
    own_console.send(rollback.pk)
    comes_to(rollback, "verifying")
    answer = web.get("/readyz")
    assert (answer.status, answer.json["sweeper"], answer.json["worker"]) == (503, "missing", "ok")
    kept(rollback, ground)
    own_console.sweeper()
    assert web.get("/readyz").status == 200
    succeeds(rollback, place)
    kept(rollback, ground)


def test_two_sweepers_and_no_worker_drive_each_rollback_once(
    own_console: Console, sshd: Sshd, ground: Ground
) -> None:
    first, second = own_console.sweeper(awaited=False), own_console.sweeper(awaited=False)
    for sweeper in (first, second):
        own_console.heard(sweeper)
    place = own_console.place(sshd.address())
    rollback = make.approved(place, ground.plan("echo one", LONG, "echo three"))
    becomes(rollback, 2, "running", "succeeded")
    owner = fresh(rollback).lease_owner
    (first if f":{first.pid}:" in owner else second).kill()
    succeeds(rollback, place)
    kept(rollback, ground)
    assert ground.starts() == {1: 1, 2: 1, 3: 1}


@pytest.mark.representative
@pytest.mark.usefixtures("healers")
def test_of_two_rollbacks_on_one_environment_the_second_is_refused_and_told_who_holds_it(
    place: Stage, ground: Ground
) -> None:
    first = make.approved(place, ground.plan("echo one", ground.held(2)))
    becomes(first, 2, "running")
    second = again(place, first)
    refused = second.events.filter(kind="start.refused")
    until(refused.exists, "the second is refused", details=lambda: promise.story(second))
    assert f"locked by rollback {first.pk}" in refused.get().facts["why"]
    assert fresh(second).state == "approved"
    ground.go(2)
    succeeds(first, place)
    kept(first, ground)
    assert not second.runs.exists()


def again(place: Stage, first: Rollback) -> Rollback:
    """Another rollback by the same revision, approved."""
    second = requests.open_request(
        first.revision, by=place.cast.dana, reason="Once more", choices={}
    )
    approvals.approve(second, by=place.cast.lee, snapshot_sha256=second.snapshot_sha256)
    return second
