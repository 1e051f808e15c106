"""Going on from another step, on hosts in memory."""

from __future__ import annotations

import pytest

from rollback_console.plans.errors import NotReady
from rollback_console.rollbacks import events
from rollback_console.rollbacks.actions import approvals, requests, restarts, steering
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.fleet import Fleet
from tests.make import PLAN, Stage

from .driving import drive, states

pytestmark = pytest.mark.django_db(transaction=True)

RAN = ["echo stopping\n", "echo restoring\n"]


@pytest.fixture
def failed(stage: Stage, fleet: Fleet) -> Rollback:
    """It stopped at its second step; what would fail it is mended."""
    fleet.scripts["restoring"] = (b"no such tag\n", 3)
    rollback = drive(make.approved(stage), fleet)
    fleet.scripts.clear()
    return rollback


def scripts(fleet: Fleet) -> list[str]:
    return [script for _, script in fleet.order]


def test_it_goes_on_from_a_later_step_and_what_is_between_is_skipped_on_record(
    stage: Stage, fleet: Fleet, failed: Rollback
) -> None:
    before = failed.snapshot
    restarts.resume_from(failed, position=3, by=stage.cast.dana, reason="Restored by hand")
    rollback = drive(failed, fleet)
    assert rollback.state == "verifying"
    assert scripts(fleet) == [*RAN, "echo starting\n"]
    assert rollback.runs.get(position=2).answer == "skip"
    event = rollback.events.get(kind="step.skipped")
    assert (event.by, event.facts["reason"]) == (stage.cast.dana, "Restored by hand")
    assert rollback.snapshot == before


def test_going_back_is_a_new_attempt_of_each_step_that_must_be_named(
    stage: Stage, fleet: Fleet, failed: Rollback
) -> None:
    with pytest.raises(Refused, match="1, 2"):
        restarts.resume_from(failed, position=1, by=stage.cast.dana, reason="From the start")
    assert drive(failed, fleet).question["kind"] == "failed"
    restarts.resume_from(
        failed, position=1, by=stage.cast.dana, reason="From the start", again=[1, 2]
    )
    rollback = drive(failed, fleet)
    assert rollback.state == "verifying"
    assert scripts(fleet) == [*RAN, *RAN, "echo starting\n"]
    assert states(rollback) == [
        (1, 1, "succeeded"),
        (1, 2, "succeeded"),
        (2, 1, "failed"),
        (2, 2, "succeeded"),
        (3, 1, "succeeded"),
    ]
    assert set(fleet.starts.values()) == {1}
    assert not list(events.flaws())


def test_what_was_left_on_each_host_is_on_record_as_it_was_seen(
    stage: Stage, failed: Rollback
) -> None:
    (host,) = restarts.left(failed)
    assert (host.host, host.done, host.open) == ("app-1", (1,), (3,))
    assert [(run.position, run.exit_code) for run in host.doubtful] == [(2, 3)]
    restarts.resume_from(failed, position=3, by=stage.cast.dana, reason="By hand")
    facts = failed.events.get(kind="rollback.redirected").facts
    assert facts["left"]["app-1"] == {
        "done": [1],
        "doubtful": [[2, "failed"]],
        "skipped": [],
        "open": [3],
    }


def test_a_gate_behind_the_step_asks_again_and_one_before_it_does_not(
    stage: Stage, fleet: Fleet
) -> None:
    text = PLAN.replace("```bash\necho restoring", "```bash gate\necho restoring")
    fleet.scripts["starting"] = (b"", 1)
    rollback = drive(make.approved(stage, text), fleet)
    steering.answer(rollback, position=2, by=stage.cast.dana, answer="go")
    rollback = drive(rollback, fleet)
    fleet.scripts.clear()
    restarts.resume_from(rollback, position=1, by=stage.cast.dana, reason="Again", again=[1, 2, 3])
    rollback = drive(rollback, fleet)
    assert (rollback.question["kind"], rollback.question["position"]) == ("gate", 2)
    steering.answer(rollback, position=2, by=stage.cast.dana, answer="go")
    assert drive(rollback, fleet).state == "verifying"


def test_who_may_not_steer_or_gives_no_reason_or_comes_too_late_is_refused(
    stage: Stage, fleet: Fleet, failed: Rollback
) -> None:
    with pytest.raises(Refused, match="read-only access"):
        restarts.resume_from(failed, position=3, by=stage.cast.vic, reason="I want to")
    with pytest.raises(Refused, match="reason"):
        restarts.resume_from(failed, position=3, by=stage.cast.dana, reason=" ")
    restarts.resume_from(failed, position=3, by=stage.cast.dana, reason="By hand")
    with pytest.raises(Refused, match="already"):
        restarts.resume_from(failed, position=3, by=stage.cast.dana, reason="By hand")
    drive(failed, fleet)
    with pytest.raises(Refused, match="verifying"):
        restarts.resume_from(failed, position=3, by=stage.cast.dana, reason="By hand")


def test_a_host_that_was_left_out_stays_out(stage: Stage, fleet: Fleet) -> None:
    make.host(stage.environment, "app-2", stage.cast.ada)
    revision = make.plan(stage, hosts="app-1 app-2")
    rollback = requests.open_request(revision, by=stage.cast.dana, reason="Errors", choices={})
    approvals.approve(rollback, by=stage.cast.lee, snapshot_sha256=rollback.snapshot_sha256)
    fleet.scripts["restoring"] = (b"", 1)
    rollback = drive(rollback, fleet)
    steering.exclude(rollback, host="app-1", by=stage.cast.dana, reason="Its disk is broken")
    rollback = drive(rollback, fleet)
    fleet.scripts.clear()
    restarts.resume_from(rollback, position=1, by=stage.cast.dana, reason="Afresh", again=[1, 2])
    before = len(fleet.order)
    assert drive(rollback, fleet).state == "verifying"
    assert {host for host, _ in fleet.order[before:]} == {"app-2"}
    assert len(fleet.order) == before + 3


def test_a_pause_ends_where_a_person_chooses(stage: Stage, fleet: Fleet) -> None:
    rollback = make.approved(stage)
    Rollback.objects.filter(pk=rollback.pk).update(pause_asked=True)
    rollback = drive(rollback, fleet)
    assert rollback.question["kind"] == "paused"
    restarts.resume_from(rollback, position=2, by=stage.cast.dana, reason="It is stopped")
    rollback = drive(rollback, fleet)
    assert rollback.state == "verifying"
    assert scripts(fleet) == ["echo restoring\n", "echo starting\n"]


def test_the_rest_of_an_aborted_rollback_is_a_new_one_that_must_be_approved(
    stage: Stage, fleet: Fleet, failed: Rollback
) -> None:
    steering.request_abort(failed, by=stage.cast.dana, reason="Look first")
    assert drive(failed, fleet).state == "aborted"
    rest = restarts.request_rest(failed, position=2, by=stage.cast.dana, reason="The tag is there")
    assert rest.state == "requested"
    assert drive(rest, fleet).state == "requested"
    assert scripts(fleet) == RAN
    approvals.approve(rest, by=stage.cast.lee, snapshot_sha256=rest.snapshot_sha256)
    rest = drive(rest, fleet)
    assert rest.state == "verifying"
    assert scripts(fleet) == [*RAN, *RAN[1:], "echo starting\n"]
    assert states(rest)[0] == (1, 1, "skipped")
    assert f"rollback {failed.pk} stopped" in rest.events.get(kind="step.skipped").facts["reason"]
    failed.refresh_from_db()
    assert failed.state == "aborted"


def test_only_what_stopped_midway_has_a_rest_and_only_from_a_step_it_has(
    stage: Stage, fleet: Fleet, failed: Rollback
) -> None:
    with pytest.raises(Refused, match="is waiting"):
        restarts.request_rest(failed, position=2, by=stage.cast.dana, reason="x")
    steering.request_abort(failed, by=stage.cast.dana, reason="Look first")
    failed = drive(failed, fleet)
    with pytest.raises(NotReady, match="no step 9"):
        restarts.request_rest(failed, position=9, by=stage.cast.dana, reason="x")
