"""A rollback under way is steered by token, on hosts in memory."""

from __future__ import annotations

import pytest

from rollback_console.engine.snapshot import Snapshot
from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.actions.question_owner import take_question
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.execution import driver
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.fleet import Fleet
from tests.make import Stage

from .caller import Caller, problem

pytestmark = pytest.mark.django_db(transaction=True)

MANUAL = make.PLAN.replace("```bash\necho restoring\n```", "Ask the database people to restore.")
GATED = make.PLAN.replace("```bash\necho restoring", "```bash gate\necho restoring")


def drive(row: Rollback, fleet: Fleet) -> Rollback:
    """Slices until nothing is due, as a worker would."""
    while driver.advance(row.pk, fleet.connect):
        pass
    row.refresh_from_db()
    return row


@pytest.fixture
def failing(fleet: Fleet) -> Fleet:
    """Its second step fails."""
    fleet.scripts["restoring"] = (b"no such tag\n", 1)
    return fleet


def test_a_failed_step_is_tried_again(stage: Stage, call: Caller, failing: Fleet) -> None:
    row = drive(make.approved(stage), failing)
    assert call.get(f"/rollbacks/{row.pk}").json()["question"]["kind"] == "failed"
    response = call.post(f"/rollbacks/{row.pk}/steps/2/retries", {"reason": "The tag is there now"})
    assert response.status_code == 201
    (run,) = response.json()["items"]
    assert (run["position"], run["attempt"], run["state"]) == (2, 2, "pending")
    failing.scripts.clear()
    assert drive(row, failing).state == "verifying"


def test_a_failed_step_is_skipped(stage: Stage, call: Caller, failing: Fleet) -> None:
    row = drive(make.approved(stage), failing)
    answer = call.post(f"/rollbacks/{row.pk}/steps/2/skips", {"reason": "Done by hand"})
    assert answer.status_code == 201
    assert drive(row, failing).state == "verifying"
    assert row.events.get(kind="step.skipped").facts["reason"] == "Done by hand"


def test_the_only_host_of_a_step_is_not_left_out(
    stage: Stage, call: Caller, failing: Fleet
) -> None:
    row = drive(make.approved(stage), failing)
    body = {"host": "app-1", "reason": "Broken"}
    refusal = problem(call.post(f"/rollbacks/{row.pk}/exclusions", body), 409, "refused")
    assert "Only app-1 runs steps 2, 3" in refusal["detail"]


def test_a_step_that_nothing_undoes_is_not_undone(
    stage: Stage, call: Caller, failing: Fleet
) -> None:
    row = drive(make.approved(stage), failing)
    body = problem(call.post(f"/rollbacks/{row.pk}/steps/2/undos", {"reason": "x"}), 409, "refused")
    assert "names no step that undoes" in body["detail"]


def test_a_failed_step_is_undone(stage: Stage, call: Caller, failing: Fleet) -> None:
    text = make.PLAN.replace("```bash\necho restoring", "```bash undo=back\necho restoring")
    back = "### Step 4: Put Back\n```bash id=back\necho putting back\n```\n\n## 4. Roll"
    row = drive(make.approved(stage, text.replace("## 4. Roll", back)), failing)
    answer = call.post(f"/rollbacks/{row.pk}/steps/2/undos", {"reason": "Half done"})
    assert answer.status_code == 201
    assert [run["position"] for run in answer.json()["items"]] == [4]


def test_a_step_nobody_is_asked_about_is_not_skipped(
    stage: Stage, call: Caller, failing: Fleet
) -> None:
    row = drive(make.approved(stage), failing)
    body = problem(call.post(f"/rollbacks/{row.pk}/steps/1/skips", {"reason": "x"}), 409, "refused")
    assert "This step has no open question" in body["detail"]


def test_a_gate_is_let_through(stage: Stage, call: Caller, fleet: Fleet) -> None:
    row = drive(make.approved(stage, GATED), fleet)
    assert row.question["kind"] == "gate"
    address = f"/rollbacks/{row.pk}/steps/2/answers"
    body = problem(call.post(address, {"answer": "done"}), 409, "refused")
    assert "Possible answers: go" in body["detail"]
    given = call.post(address, {"answer": "go"})
    assert given.status_code == 201
    assert given.json()["kind"] == "gate"
    assert given.json()["by"]["username"] == "dana"
    assert drive(row, fleet).state == "verifying"


def test_a_manual_step_is_said_to_be_done(stage: Stage, call: Caller, fleet: Fleet) -> None:
    row = drive(make.approved(stage, MANUAL), fleet)
    assert row.question["kind"] == "manual"
    given = call.post(f"/rollbacks/{row.pk}/steps/2/answers", {"answer": "done", "note": "OK"})
    assert given.json()["note"] == "OK"
    assert drive(row, fleet).state == "verifying"


def test_a_pause_holds_until_it_is_lifted(stage: Stage, call: Caller, failing: Fleet) -> None:
    row = drive(make.approved(stage), failing)
    paused = call.post(f"/rollbacks/{row.pk}/pauses", {"reason": "Wait for Sam"}).json()
    assert paused["pause_asked"] is True
    problem(call.post(f"/rollbacks/{row.pk}/pauses", {"reason": "Again"}), 409, "refused")
    lifted = call.post(f"/rollbacks/{row.pk}/resumptions").json()
    assert lifted["pause_asked"] is False
    problem(call.post(f"/rollbacks/{row.pk}/resumptions"), 409, "refused")


def test_what_is_asked_is_taken_and_taken_over(stage: Stage, call: Caller, failing: Fleet) -> None:
    row = drive(make.approved(stage), failing)
    address = f"/rollbacks/{row.pk}/question-owners"
    taken = call.post(address)
    assert taken.status_code == 201
    assert taken.json()["question"]["owner"] == stage.cast.dana.pk
    take_question(row, by=stage.cast.lee, over=stage.cast.dana.pk)
    body = problem(call.post(address), 409, "refused")
    assert "took it meanwhile" in body["detail"]
    again = call.post(address, {"over": stage.cast.lee.pk})
    assert again.json()["question"]["owner"] == stage.cast.dana.pk


def test_an_abort_ends_the_rollback(stage: Stage, call: Caller, failing: Fleet) -> None:
    row = drive(make.approved(stage), failing)
    problem(call.post(f"/rollbacks/{row.pk}/abort-requests"), 422, "invalid")
    abort_request = call.post(
        f"/rollbacks/{row.pk}/abort-requests", {"reason": "Fix forward"}
    ).json()
    assert abort_request["abort_asked"] is True
    assert drive(row, failing).state == "aborted"


def test_the_same_answer_to_a_check_is_one_event(stage: Stage, call: Caller, fleet: Fleet) -> None:
    row = drive(make.approved(stage), fleet)
    key = Snapshot.from_json(row.snapshot).checks[0].key
    address = f"/rollbacks/{row.pk}/checks/{key}/answers"
    for given in ("pass", "pass"):
        assert call.post(address, {"answer": given}).status_code == 201
    assert row.events.filter(kind="check.answered").count() == 1
    call.post(address, {"answer": "fail", "note": "It answers 500"})
    assert row.events.filter(kind="check.answered").count() == 2


def test_checks_are_answered_until_the_rollback_succeeded(
    stage: Stage, call: Caller, fleet: Fleet
) -> None:
    row = drive(make.approved(stage), fleet)
    checks = Snapshot.from_json(row.snapshot).checks
    for check in checks:
        given = call.post(f"/rollbacks/{row.pk}/checks/{check.key}/answers", {"answer": "pass"})
        assert given.status_code == 201
        assert given.json()["text"] == check.text
    assert drive(row, fleet).state == "succeeded"
    shown = call.get(f"/rollbacks/{row.pk}").json()
    assert [check["answer"] for check in shown["checks"]] == ["pass", "pass"]
    assert {run["state"] for run in shown["runs"]} == {"succeeded"}


def test_a_check_that_is_unknown_or_failed_without_a_note_is_refused(
    stage: Stage, call: Caller, fleet: Fleet
) -> None:
    row = drive(make.approved(stage), fleet)
    key = Snapshot.from_json(row.snapshot).checks[0].key
    address = f"/rollbacks/{row.pk}/checks"
    body = problem(call.post(f"{address}/nothing/answers", {"answer": "pass"}), 409, "refused")
    assert body["detail"] == "This plan has no such check."
    problem(call.post(f"{address}/{key}/answers", {"answer": "fail"}), 409, "refused")
    problem(call.post(f"{address}/{key}/answers", {"answer": "maybe"}), 422, "invalid")


def test_notes_and_messages_go_on_record(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    assert call.post(f"/rollbacks/{row.pk}/notes", {"text": "40 tickets"}).json()["last_seq"] == 2
    later = {"text": "40 tickets", "seen_at": "2020-01-01T00:00:00Z"}
    problem(call.post(f"/rollbacks/{row.pk}/notes", later), 409, "refused")
    sent = call.post(
        f"/rollbacks/{row.pk}/messages", {"text": "We roll back", "recipients": "support"}
    ).json()
    assert sent["text"] == "We roll back"
    assert sent["by"]["username"] == "dana"
    assert [event.kind for event in row.events.all()][1:] == ["note.added", "message.sent"]


def test_a_viewer_watches_but_does_not_steer(stage: Stage, call: Caller, failing: Fleet) -> None:
    row = drive(make.approved(stage), failing)
    for path in ("pauses", "abort-requests", "steps/2/skips", "steps/2/retries"):
        body = problem(
            call.post(f"/rollbacks/{row.pk}/{path}", {"reason": "x"}, who="vic"), 409, "refused"
        )
        assert "read-only access" in body["detail"]
    assert call.get(f"/rollbacks/{row.pk}", who="vic").status_code == 200


def test_steering_before_anything_runs_is_refused(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    body = problem(call.post(f"/rollbacks/{row.pk}/pauses", {"reason": "x"}), 409, "refused")
    assert "is requested" in body["detail"]
    with pytest.raises(Refused):
        steering.pause(row, by=stage.cast.dana, reason="x")


def test_the_postmortem_begins_when_the_rollback_has_ended(
    stage: Stage, call: Caller, failing: Fleet
) -> None:
    row = drive(make.approved(stage), failing)
    for kind in ("", ".json", ".md"):
        problem(call.get(f"/rollbacks/{row.pk}/postmortem{kind}"), 409, "refused")
    call.post(f"/rollbacks/{row.pk}/abort-requests", {"reason": "Fix forward"})
    drive(row, failing)
    plain = call.get(f"/rollbacks/{row.pk}/postmortem")
    assert plain.json() == call.get(f"/rollbacks/{row.pk}/postmortem.json").json()
    assert plain.json()["outcome"] == "aborted"
    assert [item["text"] for item in plain.json()["action_items"]] == ["Notify team of rollback"]
    text = call.get(f"/rollbacks/{row.pk}/postmortem.md")
    assert text.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert text.headers["X-Content-Type-Options"] == "nosniff"
    assert text.content.decode().startswith("# Postmortem: ")


def test_it_goes_on_from_another_step_by_naming_what_runs_again(
    stage: Stage, call: Caller, failing: Fleet
) -> None:
    row = drive(make.approved(stage), failing)
    failing.scripts.clear()
    where, body = f"/rollbacks/{row.pk}/restarts", {"position": 1, "reason": "Afresh"}
    assert "1, 2" in problem(call.post(where, body), 409, "refused")["detail"]
    answer = call.post(where, {**body, "again": [1, 2]})
    assert (answer.status_code, answer.json()["number"]) == (201, row.pk)
    assert drive(row, failing).state == "verifying"


def test_the_rest_of_an_aborted_one_is_a_new_request(
    stage: Stage, call: Caller, failing: Fleet
) -> None:
    row = drive(make.approved(stage), failing)
    steering.request_abort(row, by=stage.cast.dana, reason="Look first")
    drive(row, failing)
    answer = call.post(f"/rollbacks/{row.pk}/restarts", {"position": 2, "reason": "It is there"})
    assert (answer.status_code, answer.json()["state"]) == (201, "requested")
    assert answer.json()["number"] != row.pk
