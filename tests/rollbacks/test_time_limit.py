"""The time for a whole rollback: on the database's clock, and never the end of what runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.actions import approvals, requests, steering
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.execution.view import deadline, snapshot_of
from rollback_console.rollbacks.models import Rollback, StepAnswer
from tests import make
from tests.fleet import Fleet
from tests.make import PLAN, Stage
from tests.toolbox.waiting import until

from .driving import drive, meanwhile

pytestmark = pytest.mark.django_db(transaction=True)


def limited(stage: Stage, text: str = PLAN) -> Rollback:
    """Approved, with an hour for the whole."""
    revision = make.plan(stage, text, time_limit=60)
    rollback = requests.open_request(revision, by=stage.cast.dana, reason="Errors", choices={})
    approvals.approve(rollback, by=stage.cast.lee, snapshot_sha256=rollback.snapshot_sha256)
    return rollback


def an_hour_passes(rollback: Rollback) -> None:
    Rollback.objects.filter(pk=rollback.pk).update(
        started_at=db_clock.later(timedelta(minutes=-61))
    )
    StepAnswer.objects.update(at=db_clock.later(timedelta(minutes=-61)))


def test_the_limit_is_part_of_what_is_approved(stage: Stage) -> None:
    assert snapshot_of(limited(stage).snapshot).time_limit == 3600


def test_nothing_more_starts_until_a_person_allows_more_time(stage: Stage, fleet: Fleet) -> None:
    rollback = limited(stage, PLAN.replace("echo restoring", "hang restoring"))

    def late() -> None:
        running = fleet.wait_for("restoring")
        an_hour_passes(rollback)
        until(Rollback.objects.filter(question__kind="overtime", state="waiting").exists)
        running.end()

    rollback = meanwhile(rollback, fleet, late)
    assert (rollback.state, rollback.question["kind"]) == ("waiting", "overtime")
    assert rollback.runs.get(position=2).state == "succeeded"
    assert len(fleet.order) == 2
    assert rollback.events.filter(kind="question.asked", facts__question="overtime").count() == 1
    steering.answer(rollback, position=0, by=stage.cast.dana, answer="go", note="The dump is big")
    assert drive(rollback, fleet).state == "verifying"


def test_more_time_is_as_much_again_and_then_a_person_is_asked_anew(
    stage: Stage, fleet: Fleet
) -> None:
    rollback = limited(
        stage, PLAN.replace("```bash\necho restoring", "```bash gate\necho restoring")
    )
    drive(rollback, fleet)
    an_hour_passes(rollback)
    steering.answer(rollback, position=2, by=stage.cast.sam, answer="go")
    rollback = drive(rollback, fleet)
    assert rollback.question["kind"] == "overtime"
    steering.answer(rollback, position=0, by=stage.cast.dana, answer="go", note="Nearly there")
    an_hour_passes(rollback)
    rollback = drive(rollback, fleet)
    assert rollback.question["kind"] == "overtime"
    assert len(fleet.order) == 1
    steering.answer(rollback, position=0, by=stage.cast.dana, answer="go", note="Now it goes")
    rollback.refresh_from_db()
    left = (deadline(rollback) or db_clock.now()) - db_clock.now()
    assert timedelta(minutes=59) < left <= timedelta(minutes=60)
    assert drive(rollback, fleet).state == "verifying"


def test_more_time_needs_a_reason_and_a_right_and_is_no_word_about_a_step(
    stage: Stage, fleet: Fleet
) -> None:
    rollback = limited(
        stage, PLAN.replace("```bash\necho restoring", "```bash gate\necho restoring")
    )
    drive(rollback, fleet)
    an_hour_passes(rollback)
    steering.answer(rollback, position=2, by=stage.cast.sam, answer="go")
    rollback = drive(rollback, fleet)
    with pytest.raises(Refused, match="why it may take longer"):
        steering.answer(rollback, position=0, by=stage.cast.dana, answer="go")
    with pytest.raises(Refused, match="read-only access"):
        steering.answer(rollback, position=0, by=stage.cast.vic, answer="go", note="Go on")
    with pytest.raises(Refused, match="not about a step"):
        steering.skip(rollback, position=0, by=stage.cast.dana, reason="No")
    steering.request_abort(rollback, by=stage.cast.dana, reason="Too late")
    assert drive(rollback, fleet).state == "aborted"


def test_a_step_that_its_host_does_not_end_is_ended_from_here_and_called_timed_out(
    stage: Stage, fleet: Fleet
) -> None:
    rollback = make.approved(stage, PLAN.replace("echo restoring", "hang restoring"))

    def late() -> None:
        fleet.wait_for("restoring")
        running = rollback.runs.filter(position=2, state="running")
        until(running.exists)
        running.update(started_at=db_clock.later(timedelta(hours=-1)))
        steering.note(rollback, by=stage.cast.dana, text="An hour passed: rows are read again.")

    rollback = meanwhile(rollback, fleet, late)
    run = rollback.runs.get(position=2)
    assert (rollback.state, rollback.question["kind"]) == ("waiting", "failed")
    assert run.state == "timed_out"
    assert "ended from here" in run.why
    assert len(fleet.order) == 2


def test_without_a_limit_no_hour_is_too_late(stage: Stage, fleet: Fleet) -> None:
    rollback = make.approved(stage, PLAN.replace("```bash\necho restoring", "```bash gate\necho x"))
    drive(rollback, fleet)
    an_hour_passes(rollback)
    steering.answer(rollback, position=2, by=stage.cast.sam, answer="go")
    assert drive(rollback, fleet).state == "verifying"
    assert deadline(rollback) is None
