"""How a rollback is driven, on hosts in memory; real hosts are in tests/acceptance."""

from __future__ import annotations

from typing import Any

import pytest

from rollback_console.plans.models import Host, Secret
from rollback_console.plans.snapshot.dump_steps import SAYS
from rollback_console.rollbacks import database_dumps, log_store
from rollback_console.rollbacks.actions import approvals, requests, steering
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.events.wording import sentence
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Lock, StepRun
from tests import make
from tests.fleet import Fleet, dump_path, say_dump
from tests.make import PLAN, Stage
from tests.toolbox.waiting import until

from .driving import answer_checks, drive, meanwhile, states

pytestmark = pytest.mark.django_db(transaction=True)


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
    printed = bytes(range(256)) * 1000 + b"last line without an end"
    fleet.scripts["stopping"] = (printed, 0)
    rollback = drive(make.approved(stage), fleet)
    run = rollback.runs.get(position=1)
    assert log_store.read_log(run) == printed
    assert log_store.read_log(run, 100, 50) == printed[100:150]
    assert run.stored == len(printed)
    assert str(run.token) in fleet.acknowledged


def test_a_destructive_step_waits_at_its_gate(stage: Stage, fleet: Fleet) -> None:
    text = PLAN.replace("```bash\necho restoring", "```bash gate\necho restoring")
    rollback = drive(make.approved(stage, text), fleet)
    assert (rollback.state, rollback.question["kind"]) == ("waiting", "gate")
    assert len(fleet.order) == 1
    steering.answer(rollback, position=2, by=stage.cast.sam, answer="go")
    assert drive(rollback, fleet).state == "verifying"


KEEPING = "---\ndatabase: {kind: mariadb, name: shop, folder: /var/backups}\n---\n"


def test_a_dump_goes_on_record_before_anything_is_overwritten(stage: Stage, fleet: Fleet) -> None:
    text = KEEPING + PLAN.replace("```bash\necho restoring", "```bash destructive\necho restoring")
    fleet.answers["mariadb-dump"] = say_dump
    rollback = drive(make.approved(stage, text), fleet)
    assert (rollback.question["kind"], rollback.question["position"]) == ("gate", 3)
    (kept,) = database_dumps.list_dumps(rollback)
    assert (kept.size, kept.path) == (2048, dump_path(fleet.wait_for("mariadb-dump")))


@pytest.mark.parametrize(
    "line",
    [
        f"² {'a' * 64} /var/backups/shop.dump",
        f"{'9' * 5000} {'a' * 64} /var/backups/shop.dump",
        f"-1 {'a' * 64} /var/backups/shop.dump",
        f"2048 {'a' * 63} /var/backups/shop.dump",
        f"2048 {'a' * 64} /var/backups/\0shop.dump",
        "2048",
    ],
)
def test_a_dump_line_that_cannot_be_read_records_no_dump_and_stops_nothing(
    stage: Stage, fleet: Fleet, line: str
) -> None:
    text = KEEPING + PLAN.replace("```bash\necho restoring", "```bash destructive\necho restoring")
    fleet.scripts["mariadb-dump"] = (f"{SAYS}{line}\n".encode(), 0)
    rollback = drive(make.approved(stage, text), fleet)
    assert rollback.runs.get(position=2).state == "succeeded"
    assert (rollback.question["kind"], rollback.question["position"]) == ("gate", 3)
    assert database_dumps.list_dumps(rollback) == []
    steering.request_abort(rollback, by=stage.cast.dana, reason="The dump is not on record")
    assert drive(rollback, fleet).state == "aborted"


def test_a_dump_whose_line_was_stored_before_its_end_came_is_on_record(
    stage: Stage, fleet: Fleet
) -> None:
    head = '---\ndatabase: {dump: hang it, restore: "true", folder: /var/backups}\n---\n'
    text = head + PLAN.replace("```bash\necho restoring", "```bash destructive\necho restoring")
    rollback = make.approved(stage, text)

    def dump() -> None:
        run = fleet.wait_for("hang it")
        run.say(say_dump(run))
        until(rollback.runs.filter(position=2, stored__gt=0).exists)
        run.end()

    rollback = meanwhile(rollback, fleet, dump)
    (kept,) = database_dumps.list_dumps(rollback)
    assert kept.path == dump_path(fleet.wait_for("hang it"))


def test_a_rollback_can_itself_be_undone_by_its_dump(stage: Stage, fleet: Fleet) -> None:
    text = KEEPING + PLAN.replace("```bash\necho restoring", "```bash destructive\necho restoring")
    fleet.answers["mariadb-dump"] = say_dump
    rollback = drive(make.approved(stage, text), fleet)
    with pytest.raises(Refused, match="has not ended"):
        requests.request_restore(rollback, by=stage.cast.dana, reason="Worse than before")
    steering.request_abort(rollback, by=stage.cast.dana, reason="Worse than before")
    rollback = drive(rollback, fleet)
    restoring = requests.request_restore(rollback, by=stage.cast.dana, reason="Worse than before")
    snapshot = snapshot_of(restoring.snapshot)
    assert snapshot.procedure == f"Undo rollback {rollback.pk}"
    assert [each.title for each in snapshot.steps if not each.standby] == [
        "Keep the database as it is now",
        f"Put the database back as it was before rollback {rollback.pk}",
    ]
    (kept,) = database_dumps.list_dumps(rollback)
    assert f"DUMP={kept.path}\n" in snapshot.step(2).script
    assert "a" * 64 in snapshot.step(2).script
    assert approvals.drift(restoring) == []


def test_an_undo_says_what_it_leaves_as_it_is_and_asks_no_check_of_the_plan(
    stage: Stage, fleet: Fleet
) -> None:
    text = KEEPING + PLAN.replace("```bash\necho restoring", "```bash destructive\necho restoring")
    fleet.answers["mariadb-dump"] = say_dump
    rollback = drive(make.approved(stage, text), fleet)
    steering.request_abort(rollback, by=stage.cast.dana, reason="Worse than before")
    rollback = drive(rollback, fleet)
    stays = database_dumps.list_what_stays(rollback)
    assert stays == ["step 1, Stop"]
    restoring = requests.request_restore(rollback, by=stage.cast.dana, reason="Worse than before")
    snapshot = snapshot_of(restoring.snapshot)
    (warning,) = [each for each in snapshot.step(2).warnings if "step 1, Stop" in each]
    assert "Start again by hand" in warning
    assert (snapshot.checks, snapshot.settle) == ((), 0)
    approvals.approve(restoring, by=stage.cast.lee, snapshot_sha256=restoring.snapshot_sha256)
    restoring = drive(restoring, fleet)
    assert restoring.question["kind"] == "gate"
    steering.answer(restoring, position=2, by=stage.cast.dana, answer="go")
    assert drive(restoring, fleet).state == "succeeded"


def test_without_a_word_of_its_dump_nothing_is_overwritten(stage: Stage, fleet: Fleet) -> None:
    text = KEEPING + PLAN.replace("```bash\necho restoring", "```bash destructive\necho restoring")
    rollback = drive(make.approved(stage, text), fleet)
    assert (rollback.question["kind"], rollback.question["position"]) == ("failed", 2)
    assert database_dumps.list_dumps(rollback) == []


def test_a_manual_step_waits_for_who_did_it(stage: Stage, fleet: Fleet) -> None:
    text = PLAN.replace("```bash\necho restoring\n```", "Ask the vendor to restore it.")
    rollback = drive(make.approved(stage, text), fleet)
    assert (rollback.state, rollback.question["kind"]) == ("waiting", "manual")
    steering.answer(rollback, position=2, by=stage.cast.dana, answer="done", note="Ticket 7")
    assert drive(rollback, fleet).state == "verifying"


def test_a_manual_step_that_failed_asks_again(stage: Stage, fleet: Fleet) -> None:
    text = PLAN.replace("```bash\necho restoring\n```", "Ask the vendor to restore it.")
    rollback = drive(make.approved(stage, text), fleet)
    steering.answer(rollback, position=2, by=stage.cast.dana, answer="failed", note="No answer")
    rollback = drive(rollback, fleet)
    assert rollback.question["kind"] == "failed"
    steering.retry(rollback, position=2, by=stage.cast.dana, reason="They called back")
    assert drive(rollback, fleet).question["kind"] == "manual"


def test_an_abort_stops_what_runs_and_proves_it(stage: Stage, fleet: Fleet) -> None:
    rollback = make.approved(stage, PLAN.replace("echo restoring", "hang restoring"))

    def abort() -> None:
        fleet.wait_for("restoring")
        steering.request_abort(rollback, by=stage.cast.dana, reason="Wrong tag")

    rollback = meanwhile(rollback, fleet, abort)
    assert rollback.state == "aborted"
    assert states(rollback)[1] == (2, 1, "aborted")
    assert rollback.events.filter(kind="abort.proven").exists()
    assert len(fleet.order) == 2


def test_a_pause_lets_the_running_step_end_and_starts_no_other(stage: Stage, fleet: Fleet) -> None:
    rollback = make.approved(stage, PLAN.replace("echo restoring", "hang restoring"))

    def pause() -> None:
        run = fleet.wait_for("restoring")
        steering.pause(rollback, by=stage.cast.dana, reason="Look first")
        run.end()

    rollback = meanwhile(rollback, fleet, pause)
    assert (rollback.state, rollback.question["kind"]) == ("waiting", "paused")
    assert len(fleet.order) == 2
    steering.resume(rollback, by=stage.cast.dana)
    assert drive(rollback, fleet).state == "verifying"


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
    steering.retry(rollback, position=1, by=stage.cast.dana, reason="It is back")
    assert drive(rollback, fleet).state == "verifying"


def test_a_cut_connection_is_shown_and_the_log_is_whole(stage: Stage, fleet: Fleet) -> None:
    rollback = make.approved(stage, PLAN.replace("echo restoring", "hang restoring"))

    def cut() -> None:
        run = fleet.wait_for("restoring")
        run.say(b"before ")
        fleet.down.add("app-1")
        until(lambda: StepRun.objects.exclude(unreachable_since=None).exists())
        run.say(b"during ")
        fleet.down.clear()
        run.say(b"after\n")
        run.end()

    rollback = meanwhile(rollback, fleet, cut)
    assert log_store.read_log(rollback.runs.get(position=2)) == b"before during after\n"
    kinds = set(rollback.events.values_list("kind", flat=True))
    assert {"host.unreachable", "host.back"} <= kinds


def test_what_ran_a_step_is_on_record_and_why_python_did_not(stage: Stage, fleet: Fleet) -> None:
    fleet.runner_trouble = "ended: no module"
    rollback = drive(make.approved(stage), fleet)
    assert set(rollback.runs.exclude(host="").values_list("runner", flat=True)) == {"shell"}
    event = rollback.events.filter(kind="runner.replaced")[0]
    assert sentence(event) == (
        "The Python runner of app-1 ended: no module; the shell runner takes its place"
    )


def test_a_host_changed_after_approval_is_not_touched(stage: Stage, fleet: Fleet) -> None:
    rollback = make.approved(stage)
    Host.objects.update(address="192.0.2.66")
    rollback = drive(rollback, fleet)
    assert rollback.state == "approved"
    refused = rollback.events.get(kind="start.refused")
    assert "address" in refused.facts["why"]
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
    assert b"hunter2" not in log_store.read_log(rollback.runs.get(position=1))
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
