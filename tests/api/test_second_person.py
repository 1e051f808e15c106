"""What takes two people takes two tokens of two people; and where a skip by token reaches."""

from __future__ import annotations

import pytest

from rollback_console.rollbacks.execution import driver
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.fleet import Fleet
from tests.make import Stage

from .caller import Caller, problem

pytestmark = pytest.mark.django_db(transaction=True)

GATED = make.PLAN.replace("```bash\necho restoring", "```bash gate\necho restoring")
DROPS = make.PLAN.replace("echo restoring", "mysql shop -e 'DROP TABLE orders'")
EVERY_HOST = 'hosts="app-1 app-2 app-3"'
CANARY = make.PLAN.replace(
    "```bash\necho restoring", f"```bash {EVERY_HOST} canary\necho restoring"
)
ROLLING = CANARY.replace("canary", "rolling=1")
WHY = {"reason": "Done by hand"}


def drive(row: Rollback, fleet: Fleet) -> Rollback:
    while driver.advance(row.pk, fleet.connect):
        pass
    row.refresh_from_db()
    return row


@pytest.fixture
def stuck(stage: Stage, fleet: Fleet) -> Rollback:
    """A rollback whose second step failed, where deviations take two people."""
    stage.environment.second_person = "always"
    stage.environment.save()
    fleet.scripts["restoring"] = (b"", 1)
    return drive(make.approved(stage), fleet)


def test_one_person_proposes_and_another_ones_token_does_it(stuck: Rollback, call: Caller) -> None:
    address = f"/rollbacks/{stuck.pk}/steps/2/skips"
    body = problem(call.post(address, WHY, who="dana"), 409, "refused")
    assert "Two people are needed to skip step 2" in body["detail"]
    assert stuck.events.filter(kind="deviation.proposed").count() == 1
    body = problem(call.post(address, WHY, who="dana"), 409, "refused")
    assert "somebody else has to ask" in body["detail"]
    assert not stuck.events.filter(kind="step.skipped").exists()
    assert call.post(address, {"reason": "I saw it"}, who="lee").status_code == 201
    kinds = list(stuck.events.order_by("seq").values_list("kind", flat=True))
    assert kinds[-3:] == ["deviation.confirmed", "question.answered", "step.skipped"]


def test_another_token_of_the_same_person_is_no_second_person(
    stuck: Rollback, call: Caller
) -> None:
    address = f"/rollbacks/{stuck.pk}/steps/2/skips"
    problem(call.post(address, WHY, who="dana"), 409, "refused")
    secret = call.token("dana", ("operate",))
    answer = call.client.post(
        f"/api/v1{address}",
        WHY,
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert "somebody else has to ask" in problem(answer, 409, "refused")["detail"]
    assert not stuck.events.filter(kind="step.skipped").exists()


def test_a_proposal_under_an_idempotency_key_stays_on_record(stuck: Rollback, call: Caller) -> None:
    address = f"/rollbacks/{stuck.pk}/steps/2/skips"
    problem(call.post(address, WHY, who="dana", Idempotency_Key="one"), 409, "refused")
    assert stuck.events.filter(kind="deviation.proposed").count() == 1
    assert call.post(address, WHY, who="lee", Idempotency_Key="one").status_code == 201


def test_everywhere_is_another_wish_than_here_alone(stuck: Rollback, call: Caller) -> None:
    address = f"/rollbacks/{stuck.pk}/steps/2/skips"
    problem(call.post(address, WHY, who="dana"), 409, "refused")
    problem(call.post(address, {**WHY, "everywhere": True}, who="lee"), 409, "refused")
    assert not stuck.events.filter(kind="step.skipped").exists()
    assert call.post(address, {**WHY, "everywhere": True}, who="sam").status_code == 201


def test_the_gate_of_a_destructive_step_is_opened_by_two_tokens(
    stage: Stage, call: Caller, fleet: Fleet
) -> None:
    stage.environment.second_person = "always"
    stage.environment.save()
    row = drive(make.approved(stage, DROPS), fleet)
    address = f"/rollbacks/{row.pk}/steps/2/answers"
    go = {"answer": "go", "without_dump": True}
    problem(call.post(address, go, who="dana"), 409, "refused")
    assert not row.step_answers.exists()
    assert call.post(address, go, who="lee").status_code == 201


@pytest.mark.parametrize(("text", "kind", "hosts"), [(GATED, "gate", 1), (CANARY, "canary", 2)])
def test_a_step_is_skipped_at_a_gate_and_at_a_canary(
    stage: Stage, call: Caller, fleet: Fleet, text: str, kind: str, hosts: int
) -> None:
    row = drive(on_three_hosts(stage, text), fleet)
    assert row.question["kind"] == kind
    assert call.post(f"/rollbacks/{row.pk}/steps/2/skips", WHY).status_code == 201
    assert drive(row, fleet).state == "verifying"
    assert row.runs.filter(position=2, state="skipped").count() == hosts


def test_a_step_is_skipped_while_a_pause_holds(stage: Stage, call: Caller, fleet: Fleet) -> None:
    row = drive(make.approved(stage, GATED), fleet)
    assert call.post(f"/rollbacks/{row.pk}/pauses", WHY).status_code == 201
    assert call.post(f"/rollbacks/{row.pk}/steps/2/answers", {"answer": "go"}).status_code == 201
    row = drive(row, fleet)
    assert (row.question["kind"], row.question["position"]) == ("paused", 2)
    assert call.post(f"/rollbacks/{row.pk}/steps/2/skips", WHY).status_code == 201
    assert call.post(f"/rollbacks/{row.pk}/resumptions").status_code == 201
    assert drive(row, fleet).state == "verifying"
    assert not [script for _, script in fleet.order if "restoring" in script]


def on_three_hosts(stage: Stage, text: str) -> Rollback:
    for name in ("app-2", "app-3"):
        make.host(stage.environment, name, stage.cast.ada)
    return make.approved(stage, text)


@pytest.mark.parametrize(("everywhere", "begun"), [(False, 3), (True, 1)])
def test_a_skip_leaves_out_the_hosts_that_wait_where_it_says_everywhere(
    stage: Stage, call: Caller, fleet: Fleet, everywhere: bool, begun: int
) -> None:
    fleet.scripts["restoring"] = (b"", 1)
    row = drive(on_three_hosts(stage, ROLLING), fleet)
    fleet.scripts.clear()
    body = {**WHY, "everywhere": everywhere}
    assert call.post(f"/rollbacks/{row.pk}/steps/2/skips", body).status_code == 201
    assert drive(row, fleet).state == "verifying"
    assert [script for _, script in fleet.order].count("echo restoring\n") == begun
