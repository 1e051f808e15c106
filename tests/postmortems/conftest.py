"""Ten rollbacks that ended in ten ways, through the real services and driver."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from rollback_console.postmortems.actions import postmortems
from rollback_console.remote.protocol import Ending
from rollback_console.rollbacks import events
from rollback_console.rollbacks.actions import approvals, requests, steering
from rollback_console.rollbacks.models import Rollback
from rollback_console.rollbacks.sweeper import due_rollbacks
from tests import make
from tests.fleet import Fleet
from tests.make import PLAN, Stage
from tests.rollbacks.driving import answer_checks, drive, meanwhile
from tests.toolbox.database import Given

ABORTS = PLAN.replace("```bash\necho restoring", "```bash on-failure=abort\necho restoring")
HANGS = PLAN.replace("echo restoring", "echo hang")


@dataclass(frozen=True)
class History:
    """Each rollback under the name of its ending."""

    stage: Stage
    ended: dict[str, Rollback]


@pytest.fixture
def stage(db: None, given: Given) -> Stage:
    return given.bring("stage", make.stage)


@pytest.fixture
def ended(stage: Stage, fleet: Fleet, given: Given) -> Rollback:
    """A rollback with a failure, a retry, a skip and a note, that succeeded."""
    return given.bring("ended with deviations", lambda: _ended(stage, fleet))


def _ended(stage: Stage, fleet: Fleet) -> Rollback:
    fleet.scripts["restoring"] = (b"", 1)
    rollback = drive(make.approved(stage), fleet)
    steering.note(rollback, by=stage.cast.vic, text="Support sees 40 tickets")
    steering.retry(rollback, position=2, by=stage.cast.dana, reason="Again")
    drive(rollback, fleet)
    steering.skip(rollback, position=2, by=stage.cast.dana, reason="Done by hand")
    drive(rollback, fleet)
    return checked(rollback, fleet, stage)


@pytest.fixture
def succeeded(stage: Stage, fleet: Fleet, given: Given) -> Rollback:
    """One that went as planned."""
    return given.bring(
        "succeeded", lambda: checked(drive(make.approved(stage), fleet), fleet, stage)
    )


@pytest.fixture
def past(stage: Stage, fleet: Fleet, given: Given) -> History:
    """The ten."""
    return given.bring("ten endings", lambda: history(stage, fleet))


def history(stage: Stage, fleet: Fleet) -> History:
    """Ten rollbacks through the real services, each ended in its own way."""
    made = {
        "succeeded": checked(drive(make.approved(stage), fleet), fleet, stage),
        "retried": _retried(stage, fleet),
        "skipped": _skipped(stage, fleet),
        "lost": _lost(stage, fleet),
        "failed": _failed(stage, fleet),
        "aborted": _aborted(stage, fleet),
        "aborted by plan": _aborted_by_plan(stage, fleet),
        "rejected": _rejected(stage),
        "withdrawn": requests.withdraw(make.requested(stage), by=stage.cast.dana, reason="Fixed"),
        "expired": _expired(stage),
    }
    for each in made.values():
        each.refresh_from_db()
        postmortems.open_postmortem(each)
    assert not list(events.flaws())
    return History(stage, made)


def checked(rollback: Rollback, fleet: Fleet, stage: Stage, answer: str = "pass") -> Rollback:
    """Every check answered, and the end of it."""
    answer_checks(rollback, stage, answer)
    return drive(rollback, fleet)


def _retried(stage: Stage, fleet: Fleet) -> Rollback:
    fleet.scripts["restoring"] = (b"no such tag\n", 1)
    rollback = drive(make.approved(stage), fleet)
    del fleet.scripts["restoring"]
    steering.retry(rollback, position=2, by=stage.cast.dana, reason="Tag pushed")
    return checked(drive(rollback, fleet), fleet, stage)


def _skipped(stage: Stage, fleet: Fleet) -> Rollback:
    fleet.scripts["starting"] = (b"", 2)
    rollback = drive(make.approved(stage), fleet)
    del fleet.scripts["starting"]
    steering.skip(rollback, position=3, by=stage.cast.lee, reason="Started by hand")
    return checked(drive(rollback, fleet), fleet, stage)


def _lost(stage: Stage, fleet: Fleet) -> Rollback:
    rollback = make.approved(stage, HANGS)
    meanwhile(rollback, fleet, lambda: fleet.wait_for("hang").end(Ending.LOST, None, "Rebooted."))
    steering.answer(rollback, position=2, by=stage.cast.dana, answer="continue", note="It is done")
    return checked(drive(rollback, fleet), fleet, stage)


def _failed(stage: Stage, fleet: Fleet) -> Rollback:
    steering.send_message(
        rollback := drive(make.approved(stage), fleet),
        by=stage.cast.dana,
        text="Logins do not work yet",
        recipients="Support team",
    )
    return checked(rollback, fleet, stage, "fail")


def _aborted(stage: Stage, fleet: Fleet) -> Rollback:
    fleet.scripts["restoring"] = (b"", 1)
    rollback = drive(make.approved(stage), fleet)
    del fleet.scripts["restoring"]
    steering.request_abort(rollback, by=stage.cast.lee, reason="Rolling forward instead")
    return drive(rollback, fleet)


def _aborted_by_plan(stage: Stage, fleet: Fleet) -> Rollback:
    fleet.scripts["restoring"] = (b"", 1)
    rollback = drive(make.approved(stage, ABORTS), fleet)
    del fleet.scripts["restoring"]
    return rollback


def _rejected(stage: Stage) -> Rollback:
    rollback = make.requested(stage)
    approvals.reject(
        rollback, by=stage.cast.lee, snapshot_sha256=rollback.snapshot_sha256, reason="Forward"
    )
    return rollback


def _expired(stage: Stage) -> Rollback:
    rollback = make.requested(stage)
    row = Rollback.objects.filter(pk=rollback.pk)
    row.update(expires_at=rollback.requested_at)
    due_rollbacks.expire()
    row.update(expires_at=rollback.expires_at)  # as it is on record
    return rollback
