"""What was approved is what runs: a snapshot changed in the database stops the rollback."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import rollback_console
from rollback_console.rollbacks.actions import approvals, steering
from rollback_console.rollbacks.errors import Refused, SnapshotChanged
from rollback_console.rollbacks.execution import driver
from rollback_console.rollbacks.execution.approved_snapshot import approved_snapshot
from rollback_console.rollbacks.models import Approval, Lock, Rollback
from tests import make
from tests.fleet import Fleet
from tests.make import PLAN, Stage

from .driving import answer_checks, drive, meanwhile

pytestmark = pytest.mark.django_db(transaction=True)

GATED = PLAN.replace("```bash\necho restoring", "```bash gate\necho restoring")


def change_snapshot(rollback: Rollback, *, with_hash: bool = False) -> None:
    """As somebody does who can write to the database."""
    text = rollback.snapshot.replace("echo restoring", "echo malicious")
    text = text.replace("echo stopping", "echo malicious")
    assert text != rollback.snapshot
    sha256 = hashlib.sha256(text.encode()).hexdigest() if with_hash else rollback.snapshot_sha256
    Rollback.objects.filter(pk=rollback.pk).update(snapshot=text, snapshot_sha256=sha256)


@pytest.mark.parametrize("with_hash", [False, True], ids=["text alone", "text and hash"])
def test_a_snapshot_changed_at_an_open_gate_does_not_run(
    stage: Stage, fleet: Fleet, with_hash: bool
) -> None:
    rollback = drive(make.approved(stage, GATED), fleet)
    assert rollback.question["kind"] == "gate"
    change_snapshot(rollback, with_hash=with_hash)
    with pytest.raises(SnapshotChanged):
        steering.answer(rollback, position=2, by=stage.cast.sam, answer="go")
    rollback = drive(rollback, fleet)
    assert [script for _, script in fleet.order] == ["echo stopping\n"]
    assert rollback.state == "aborted"
    alarm = rollback.events.get(kind="snapshot.changed")
    assert "changed in the database" in alarm.facts["why"]
    assert not Lock.objects.exists()


@pytest.mark.parametrize("with_hash", [False, True], ids=["text alone", "text and hash"])
def test_a_snapshot_changed_before_the_start_does_not_start(
    stage: Stage, fleet: Fleet, with_hash: bool
) -> None:
    rollback = make.approved(stage)
    change_snapshot(rollback, with_hash=with_hash)
    rollback = drive(rollback, fleet)
    assert (rollback.state, fleet.order) == ("approved", [])
    assert rollback.events.filter(kind="snapshot.changed").count() == 1
    assert rollback.events.filter(kind="start.refused").exists()


def test_what_runs_when_the_snapshot_is_changed_is_ended_and_nothing_follows(
    stage: Stage, fleet: Fleet
) -> None:
    rollback = make.approved(stage, PLAN.replace("echo stopping", "hang stopping"))

    def change() -> None:
        fleet.wait_for("stopping")
        change_snapshot(Rollback.objects.get(pk=rollback.pk))

    rollback = meanwhile(rollback, fleet, change)
    assert rollback.state == "aborted"
    assert [script for _, script in fleet.order] == ["hang stopping\n"]
    assert rollback.runs.get(position=1).state == "aborted"
    assert rollback.events.filter(kind="snapshot.changed").count() == 1


def test_what_another_driver_left_running_is_ended_without_reading_the_snapshot(
    stage: Stage, fleet: Fleet, settings: Any
) -> None:
    rollback = make.approved(stage, PLAN.replace("echo stopping", "hang stopping"))
    settings.SLICE = timedelta(seconds=0.5)
    while not rollback.runs.filter(state="running").exists():
        assert driver.advance(rollback.pk, fleet.connect)
    Rollback.objects.filter(pk=rollback.pk).update(snapshot="not even JSON")
    rollback = drive(rollback, fleet)
    assert (rollback.state, rollback.runs.get(position=1).state) == ("aborted", "aborted")
    assert len(fleet.order) == 1


def test_an_approval_moved_to_another_hash_by_hand_starts_nothing(
    stage: Stage, fleet: Fleet
) -> None:
    rollback = make.approved(stage)
    change_snapshot(rollback, with_hash=True)
    rollback.refresh_from_db()
    Approval.objects.update(snapshot_sha256=rollback.snapshot_sha256)
    rollback = drive(rollback, fleet)
    assert fleet.order == []
    assert rollback.events.filter(kind="snapshot.changed").exists()


def test_a_request_whose_snapshot_was_changed_cannot_be_approved(stage: Stage) -> None:
    rollback = make.requested(stage)
    change_snapshot(rollback)
    with pytest.raises(Refused, match="changed in the database"):
        approvals.approve(
            rollback, by=stage.cast.lee, snapshot_sha256=rollback.snapshot_sha256, note="yes"
        )


def test_checks_of_a_changed_snapshot_are_not_answered(stage: Stage, fleet: Fleet) -> None:
    rollback = drive(make.approved(stage), fleet)
    change_snapshot(rollback)
    with pytest.raises(SnapshotChanged):
        answer_checks(rollback, stage)
    assert drive(rollback, fleet).state == "aborted"
    assert rollback.events.filter(kind="snapshot.changed").exists()


def test_an_untouched_snapshot_is_read_as_it_was_approved(stage: Stage, fleet: Fleet) -> None:
    rollback = drive(make.approved(stage, GATED), fleet)
    assert approved_snapshot(rollback).sha256 == rollback.snapshot_sha256
    steering.request_abort(rollback, by=stage.cast.sam, reason="Enough")
    assert drive(rollback, fleet).state == "aborted"
    assert approved_snapshot(rollback).sha256 == rollback.snapshot_sha256


ACTING = ("rollbacks/execution", "rollbacks/sweeper", "rollbacks/database_dumps.py")
SHOWN_ONLY = {
    "rollbacks/execution/approved_snapshot.py",  # the door itself
    "rollbacks/execution/view.py",  # the view of a rollback that the driver has verified
    "rollbacks/database_dumps.py",  # what pages say of dumps; a restore gives the verified one
    "rollbacks/sweeper/escalation.py",  # whom to ask next; it starts nothing
}


def test_whoever_acts_on_a_snapshot_reads_it_through_the_one_door() -> None:
    package = Path(rollback_console.__file__).parent
    readers = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if str(path.relative_to(package)).startswith(ACTING)
        and re.search(r"snapshot_of\(|from_json\(", path.read_text())
    }
    assert readers <= SHOWN_ONLY
