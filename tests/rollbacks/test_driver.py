"""How a rollback is driven, on hosts in memory; real hosts are in tests/acceptance."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from rollback_console.plans.keeping import SAYS
from rollback_console.plans.models import Host, Secret
from rollback_console.remote.base import Ending
from rollback_console.remote.pool import Pool
from rollback_console.rollbacks import connections, driver, dumps, logs, reverting, services
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Lock, Rollback, StepRun
from rollback_console.rollbacks.view import snapshot_of
from tests import make
from tests.fleet import Fleet
from tests.make import PLAN, Stage

pytestmark = pytest.mark.django_db(transaction=True)


def drive(rollback: Rollback, fleet: Fleet) -> Rollback:
    """Slices until nothing is due, as a worker would."""
    while driver.advance(rollback.pk, fleet.connect):
        pass
    rollback.refresh_from_db()
    return rollback


def meanwhile(rollback: Rollback, fleet: Fleet, act: Callable[[], Any]) -> Rollback:
    """Drive in a thread while `act` happens, then drive what is left."""
    errors: list[BaseException] = []

    def work() -> None:
        try:
            drive(Rollback.objects.get(pk=rollback.pk), fleet)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        act()
    finally:
        thread.join(timeout=30)
    assert not errors
    assert not thread.is_alive()
    return drive(rollback, fleet)


def states(rollback: Rollback) -> list[tuple[int, int, str]]:
    return [(run.position, run.attempt, run.state) for run in rollback.runs.all()]


def answer_checks(rollback: Rollback, stage: Stage, answer: str = "pass") -> None:
    keys = [check.key for check in driver.view.snapshot_of(rollback.snapshot).checks]
    for key in keys:
        services.answer_check(rollback, key=key, by=stage.cast.dana, answer=answer, note="seen")


def test_an_approved_rollback_runs_its_steps_in_order(stage: Stage, fleet: Fleet) -> None:
    rollback = drive(make.approved(stage), fleet)
    assert [script for _, script in fleet.order] == [
        "echo stopping\n",
        "echo restoring\n",
        "echo starting\n",
    ]
    assert rollback.state == "verifying"
    assert set(fleet.starts.values()) == {1}
    assert rollback.question["kind"] == "checks"


def test_it_succeeds_once_every_check_is_answered(stage: Stage, fleet: Fleet) -> None:
    rollback = drive(make.approved(stage), fleet)
    answer_checks(rollback, stage)
    rollback = drive(rollback, fleet)
    assert rollback.state == "succeeded"
    assert rollback.finished_at
    assert not Lock.objects.exists()


def test_a_failed_check_fails_the_rollback(stage: Stage, fleet: Fleet) -> None:
    rollback = drive(make.approved(stage), fleet)
    answer_checks(rollback, stage, "fail")
    assert drive(rollback, fleet).state == "failed"


def test_everything_a_host_said_is_stored(stage: Stage, fleet: Fleet) -> None:
    said = bytes(range(256)) * 1000 + b"last line without an end"
    fleet.scripts["stopping"] = (said, 0)
    rollback = drive(make.approved(stage), fleet)
    run = rollback.runs.get(position=1)
    assert logs.read(run) == said
    assert logs.read(run, 100, 50) == said[100:150]
    assert run.stored == len(said)
    assert str(run.token) in fleet.acknowledged


def test_a_failure_asks_and_a_retry_goes_on(stage: Stage, fleet: Fleet) -> None:
    fleet.scripts["restoring"] = (b"no such tag\n", 3)
    rollback = drive(make.approved(stage), fleet)
    assert rollback.state == "waiting"
    assert rollback.question == {
        "kind": "failed",
        "position": 2,
        "tokens": [str(rollback.runs.get(position=2).token)],
    }
    del fleet.scripts["restoring"]
    services.retry(rollback, position=2, by=stage.cast.dana, reason="Fetched the tag")
    assert drive(rollback, fleet).state == "verifying"
    assert states(rollback) == [
        (1, 1, "succeeded"),
        (2, 1, "failed"),
        (2, 2, "succeeded"),
        (3, 1, "succeeded"),
    ]
    assert rollback.runs.get(position=2, attempt=1).exit_code == 3


def test_a_failed_step_can_be_skipped_with_a_reason(stage: Stage, fleet: Fleet) -> None:
    fleet.scripts["restoring"] = (b"", 1)
    rollback = drive(make.approved(stage), fleet)
    with pytest.raises(Refused, match="reason"):
        services.skip(rollback, position=2, by=stage.cast.dana, reason="")
    services.skip(rollback, position=2, by=stage.cast.dana, reason="Done by hand")
    assert drive(rollback, fleet).state == "verifying"


@pytest.mark.parametrize(("said", "state"), [(b"HTTP 200\n", "succeeded"), (b"500\n", "failed")])
def test_a_step_must_say_what_its_plan_expects(
    stage: Stage, fleet: Fleet, said: bytes, state: str
) -> None:
    text = PLAN.replace("```bash\necho starting", '```bash expect="HTTP 200"\necho starting')
    fleet.scripts["starting"] = (said, 0)
    rollback = drive(make.approved(stage, text), fleet)
    run = rollback.runs.get(position=3)
    assert run.state == state
    assert ("does not hold “HTTP 200”" in run.why) is (state == "failed")


def test_a_failed_step_can_be_undone_and_then_tried_again(stage: Stage, fleet: Fleet) -> None:
    text = PLAN.replace("```bash\necho restoring", "```bash undo=back\necho restoring").replace(
        "## 4. Roll", "### Step 4: Put Back\n```bash id=back\necho putting back\n```\n\n## 4. Roll"
    )
    fleet.scripts["restoring"] = (b"", 1)
    rollback = drive(make.approved(stage, text), fleet)
    assert len(fleet.order) == 2
    services.undo(rollback, position=2, by=stage.cast.dana, reason="Half done")
    rollback = drive(rollback, fleet)
    assert fleet.order[-1] == ("app-1", "echo putting back\n")
    assert (rollback.state, rollback.question["position"]) == ("waiting", 2)
    fleet.scripts.clear()
    services.retry(rollback, position=2, by=stage.cast.dana, reason="Again")
    assert drive(rollback, fleet).state == "verifying"
    assert [script for _, script in fleet.order].count("echo putting back\n") == 1


def test_a_failed_step_can_end_in_an_abort(stage: Stage, fleet: Fleet) -> None:
    fleet.scripts["restoring"] = (b"", 1)
    rollback = drive(make.approved(stage), fleet)
    services.request_abort(rollback, by=stage.cast.dana, reason="Fix forward")
    rollback = drive(rollback, fleet)
    assert rollback.state == "aborted"
    assert len(fleet.order) == 2


def test_a_destructive_step_waits_at_its_gate(stage: Stage, fleet: Fleet) -> None:
    text = PLAN.replace("```bash\necho restoring", "```bash gate\necho restoring")
    rollback = drive(make.approved(stage, text), fleet)
    assert (rollback.state, rollback.question["kind"]) == ("waiting", "gate")
    assert len(fleet.order) == 1
    services.answer(rollback, position=2, by=stage.cast.sam, answer="go")
    assert drive(rollback, fleet).state == "verifying"


KEEPING = "---\ndatabase: {kind: mariadb, name: shop, folder: /var/backups}\n---\n"


def test_a_dump_goes_on_record_before_anything_is_overwritten(stage: Stage, fleet: Fleet) -> None:
    text = KEEPING + PLAN.replace("```bash\necho restoring", "```bash destructive\necho restoring")
    said = f"{SAYS}2048 {'a' * 64} /var/backups/of shop.dump\n"
    fleet.scripts["mariadb-dump"] = (said.encode(), 0)
    rollback = drive(make.approved(stage, text), fleet)
    assert (rollback.question["kind"], rollback.question["position"]) == ("gate", 3)
    (kept,) = dumps.of(rollback)
    assert (kept.size, kept.path) == (2048, "/var/backups/of shop.dump")


def test_a_rollback_can_itself_be_undone_by_its_dump(stage: Stage, fleet: Fleet) -> None:
    text = KEEPING + PLAN.replace("```bash\necho restoring", "```bash destructive\necho restoring")
    said = f"{SAYS}2048 {'a' * 64} /var/backups/of shop.dump\n"
    fleet.scripts["mariadb-dump"] = (said.encode(), 0)
    rollback = drive(make.approved(stage, text), fleet)
    with pytest.raises(Refused, match="has not ended"):
        reverting.revert(rollback, by=stage.cast.dana, reason="Worse than before")
    services.request_abort(rollback, by=stage.cast.dana, reason="Worse than before")
    rollback = drive(rollback, fleet)
    asked = reverting.revert(rollback, by=stage.cast.dana, reason="Worse than before")
    snapshot = snapshot_of(asked.snapshot)
    assert snapshot.procedure == f"Undo rollback {rollback.pk}"
    assert [each.title for each in snapshot.steps if not each.standby] == [
        "Keep the database as it is now",
        f"Put the database back as it was before rollback {rollback.pk}",
    ]
    assert "DUMP='/var/backups/of shop.dump'" in snapshot.step(2).script
    assert "a" * 64 in snapshot.step(2).script
    assert services.drift(asked) == []


def test_without_a_word_of_its_dump_nothing_is_overwritten(stage: Stage, fleet: Fleet) -> None:
    text = KEEPING + PLAN.replace("```bash\necho restoring", "```bash destructive\necho restoring")
    rollback = drive(make.approved(stage, text), fleet)
    assert (rollback.question["kind"], rollback.question["position"]) == ("failed", 2)
    assert dumps.of(rollback) == []


def test_a_manual_step_waits_for_who_did_it(stage: Stage, fleet: Fleet) -> None:
    text = PLAN.replace("```bash\necho restoring\n```", "Ask the vendor to restore it.")
    rollback = drive(make.approved(stage, text), fleet)
    assert (rollback.state, rollback.question["kind"]) == ("waiting", "manual")
    services.answer(rollback, position=2, by=stage.cast.dana, answer="done", note="Ticket 7")
    assert drive(rollback, fleet).state == "verifying"


def test_a_manual_step_that_failed_asks_again(stage: Stage, fleet: Fleet) -> None:
    text = PLAN.replace("```bash\necho restoring\n```", "Ask the vendor to restore it.")
    rollback = drive(make.approved(stage, text), fleet)
    services.answer(rollback, position=2, by=stage.cast.dana, answer="failed", note="No answer")
    rollback = drive(rollback, fleet)
    assert rollback.question["kind"] == "failed"
    services.retry(rollback, position=2, by=stage.cast.dana, reason="They called back")
    assert drive(rollback, fleet).question["kind"] == "manual"


def test_a_lost_step_is_never_tried_again_unasked(stage: Stage, fleet: Fleet) -> None:
    text = PLAN.replace("echo restoring", "hang restoring").replace(
        "```bash\nhang", "```bash retry=3\nhang"
    )
    rollback = make.approved(stage, text)
    rollback = meanwhile(
        rollback, fleet, lambda: fleet.wait_for("restoring").end(Ending.LOST, None, "It rebooted.")
    )
    assert (rollback.state, rollback.question["kind"]) == ("waiting", "lost")
    with pytest.raises(Refused, match="what you saw"):
        services.answer(rollback, position=2, by=stage.cast.dana, answer="continue")
    services.answer(
        rollback, position=2, by=stage.cast.dana, answer="continue", note="The tag is out"
    )
    assert drive(rollback, fleet).state == "verifying"
    assert fleet.order[1:2] == [("app-1", "hang restoring\n")]


def test_an_abort_stops_what_runs_and_proves_it(stage: Stage, fleet: Fleet) -> None:
    rollback = make.approved(stage, PLAN.replace("echo restoring", "hang restoring"))

    def abort() -> None:
        fleet.wait_for("restoring")
        services.request_abort(rollback, by=stage.cast.dana, reason="Wrong tag")

    rollback = meanwhile(rollback, fleet, abort)
    assert rollback.state == "aborted"
    assert states(rollback)[1] == (2, 1, "aborted")
    assert rollback.events.filter(kind="abort.proven").exists()
    assert len(fleet.order) == 2


def test_a_pause_lets_the_running_step_end_and_starts_no_other(stage: Stage, fleet: Fleet) -> None:
    rollback = make.approved(stage, PLAN.replace("echo restoring", "hang restoring"))

    def pause() -> None:
        run = fleet.wait_for("restoring")
        services.pause(rollback, by=stage.cast.dana, reason="Look first")
        run.end()

    rollback = meanwhile(rollback, fleet, pause)
    assert (rollback.state, rollback.question["kind"]) == ("waiting", "paused")
    assert len(fleet.order) == 2
    services.resume(rollback, by=stage.cast.dana)
    assert drive(rollback, fleet).state == "verifying"


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
    assert logs.read(rollback.runs.get(position=2)) == b"first half, second half\n"
    assert set(fleet.starts.values()) == {1}


def meanwhile_stopped(rollback: Rollback, fleet: Fleet, act: Callable[[], Any]) -> Rollback:
    meanwhile(rollback, fleet, act)
    rollback.refresh_from_db()
    return rollback


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
    assert logs.read(rollback.runs.get(position=2)) == b"slice 1\nslice 2\nslice 3\nslice 4\n"
    assert fleet.connected == {"app-1": 1}
    assert set(fleet.starts.values()) == {1}


def test_two_drivers_never_share_a_rollback(stage: Stage, fleet: Fleet) -> None:
    rollback = make.approved(stage)
    assert driver.lease.claim(rollback.pk, "somebody else") == 1
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
    assert logs.read(rollback.runs.get(position=2)) == b"stale\n"
    assert set(fleet.starts.values()) == {1}
    assert rollback.events.filter(kind="step.finished", facts__position=2).count() == 1


def test_the_second_rollback_of_an_environment_is_refused_and_says_why(
    stage: Stage, fleet: Fleet
) -> None:
    first = drive(make.approved(stage), fleet)
    second = services.request(first.revision, by=stage.cast.dana, reason="again", choices={})
    services.approve(second, by=stage.cast.lee, snapshot_sha256=second.snapshot_sha256)
    second = drive(second, fleet)
    assert second.state == "approved"
    assert str(first.pk) in second.events.get(kind="start.refused").facts["why"]
    answer_checks(first, stage)
    drive(first, fleet)
    services.start(second, by=stage.cast.dana)
    assert drive(second, fleet).state == "verifying"


def test_a_host_that_is_down_fails_the_step_without_starting_it(
    stage: Stage, fleet: Fleet, settings: Any
) -> None:
    settings.CONNECT_PATIENCE = 1
    fleet.down.add("app-1")
    rollback = drive(make.approved(stage), fleet)
    assert (rollback.state, rollback.question["kind"]) == ("waiting", "failed")
    run = rollback.runs.get(position=1)
    assert (run.state, run.exit_code) == ("failed", None)
    assert "nobody listens there" in run.why
    assert "not started" in run.why
    fleet.down.clear()
    services.retry(rollback, position=1, by=stage.cast.dana, reason="It is back")
    assert drive(rollback, fleet).state == "verifying"


def test_a_cut_connection_is_shown_and_the_log_is_whole(stage: Stage, fleet: Fleet) -> None:
    rollback = make.approved(stage, PLAN.replace("echo restoring", "hang restoring"))

    def cut() -> None:
        run = fleet.wait_for("restoring")
        run.say(b"before ")
        fleet.down.add("app-1")
        wait_for(lambda: StepRun.objects.exclude(unreachable_since=None).exists())
        run.say(b"during ")
        fleet.down.clear()
        run.say(b"after\n")
        run.end()

    rollback = meanwhile(rollback, fleet, cut)
    assert logs.read(rollback.runs.get(position=2)) == b"before during after\n"
    kinds = set(rollback.events.values_list("kind", flat=True))
    assert {"host.unreachable", "host.back"} <= kinds


def wait_for(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(400):
        if condition():
            return
        pause.wait(0.05)
    raise AssertionError("It never came true.")


def test_a_host_changed_after_approval_is_not_touched(stage: Stage, fleet: Fleet) -> None:
    rollback = make.approved(stage)
    Host.objects.update(address="192.0.2.66")
    rollback = drive(rollback, fleet)
    assert (rollback.state, rollback.question["kind"]) == ("waiting", "failed")
    assert "after this was approved" in rollback.runs.get(position=1).why
    assert not fleet.order


def test_secrets_reach_the_command_and_never_the_log(stage: Stage, fleet: Fleet) -> None:
    Secret.objects.create(
        environment=stage.environment, name="DB_PASSWORD", value="hunter2-hunter2"
    )
    text = PLAN.replace("echo stopping", "use $DB_PASSWORD")
    fleet.scripts["use "] = (b"password is hunter2-hunter2!\n", 0)
    rollback = drive(make.approved(stage, text), fleet)
    request = fleet.wait_for("use ").request
    assert request.secrets == {"DB_PASSWORD": "hunter2-hunter2"}
    assert "hunter2" not in request.script + str(request.environment)
    assert b"hunter2" not in logs.read(rollback.runs.get(position=1))
    assert "hunter2" not in rollback.snapshot


def test_every_state_change_has_its_event_and_the_chain_holds(stage: Stage, fleet: Fleet) -> None:
    rollback = drive(make.approved(stage), fleet)
    answer_checks(rollback, stage)
    rollback = drive(rollback, fleet)
    seen = list(rollback.events.order_by("seq").values_list("seq", "kind"))
    assert [seq for seq, _ in seen] == list(range(1, len(seen) + 1))
    assert [kind for _, kind in seen if kind.startswith("rollback.")] == [
        "rollback.requested",
        "rollback.approved",
        "rollback.started",
        "rollback.verifying",
        "rollback.finished",
    ]
