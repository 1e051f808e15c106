"""The gate before a destructive step: what could change the answer stands beside it."""

from __future__ import annotations

import pytest
from django.db.models.functions import Now

from rollback_console.api.responses.rollbacks import runs_out
from rollback_console.outbox.messages import notice_of
from rollback_console.plans.models import ProbeResult
from rollback_console.postmortems.report.phases import steps
from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.events import sentence
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.fleet import Fleet, say_dump
from tests.rollbacks.driving import drive

from .conftest import SignIn, words

pytestmark = pytest.mark.django_db(transaction=True)

HEAD = "---\ndatabase: {dump: make-dump, restore: put-back, folder: /var/backups}\n---\n"
TEXT = HEAD + make.PLAN.replace("```bash\necho restoring", "```bash destructive\nrm -rf /srv/old")


@pytest.fixture
def at_gate(stage: make.Stage, fleet: Fleet) -> Rollback:
    """Its dump failed and was skipped; a later step is known not to work."""
    fleet.scripts["make-dump"] = (b"no space\n", 1)
    rollback = drive(make.approved(stage, TEXT), fleet)
    for position, detail in ((1, "It ran by now."), (4, "There is no unit called shop.")):
        ProbeResult.objects.create(
            revision=rollback.revision,
            snapshot_sha256=rollback.snapshot_sha256,
            host="app-1",
            position=position,
            number=rollback.number_of(position),
            kind="unit",
            subject=f"of step {position}",
            verdict="not_ready",
            detail=detail,
            at=Now(),
        )
    steering.skip(rollback, position=2, by=stage.cast.dana, reason="No space")
    return drive(rollback, fleet)


def test_the_gate_repeats_the_data_verdict_the_missing_dump_and_what_would_fail_later(
    signed_in: SignIn, stage: make.Stage, at_gate: Rollback
) -> None:
    assert at_gate.question == {"kind": "gate", "position": 3, "tokens": []}
    shown = words(signed_in(stage.cast.dana).get(f"/rollbacks/{at_gate.pk}/"))
    assert "Data loss: unknown, because step 2, Restore Code, overwrites or removes data" in shown
    assert "Step 3 would fail on app-1: There is no unit called shop." in shown
    assert "It ran by now." not in shown
    assert "Step 1a, Keep the database as it is now, failed and was skipped." in shown


def test_a_step_has_its_authors_number_wherever_it_is_named(
    signed_in: SignIn, stage: make.Stage, at_gate: Rollback
) -> None:
    client = signed_in(stage.cast.dana)
    live = words(client.get(f"/rollbacks/{at_gate.pk}/"))
    assert "Step 2 needs confirmation: Restore Code" in live
    request = make.requested(stage, TEXT)
    for page in (live, words(client.get(f"/rollbacks/{request.pk}/"))):
        assert "Step 1a: Keep the database as it is now" in page
        assert "Step 2: Restore Code" in page
        assert "Step 3: " in page
    resume = words(client.get(f"/rollbacks/{at_gate.pk}/restarts/"))
    assert "1a. Keep the database as it is now" in resume
    event = at_gate.events.filter(kind="gate.opened").get()
    assert sentence(event) == "Step 2 needs confirmation"
    notice = notice_of(at_gate, event)
    assert notice is not None
    assert "Step 2 (Restore Code) needs confirmation" in str(notice)
    assert [each.number for each in steps(at_gate, snapshot_of(at_gate.snapshot))] == [
        "1", "1a", "2", "3", "3a",
    ]  # fmt: skip
    runs = runs_out(at_gate.runs.all()).items
    assert {each.position: each.number for each in runs} == {
        1: "1", 2: "1a", 3: "2", 4: "3",
    }  # fmt: skip


def test_without_a_dump_the_gate_opens_by_a_second_confirmation_alone(
    signed_in: SignIn, stage: make.Stage, at_gate: Rollback
) -> None:
    client = signed_in(stage.cast.sam)
    address = f"/rollbacks/{at_gate.pk}/steps/3/answers/"
    refusal = words(client.post(address, {"answer": "go"}, follow=True))
    assert "Confirm that it may run without a backup." in refusal
    assert not at_gate.step_answers.filter(kind="gate").exists()
    client.post(address, {"answer": "go", "without_dump": "1"})
    assert at_gate.step_answers.filter(kind="gate").exists()


@pytest.mark.parametrize("dumps", [True, False])
def test_a_failed_step_that_nothing_undoes_says_what_there_is_instead(
    stage: make.Stage, fleet: Fleet, signed_in: SignIn, dumps: bool
) -> None:
    head = "---\ndatabase: {kind: mariadb, name: shop, folder: /var/backups}\n---\n"
    text = make.PLAN.replace("```bash\necho restoring", "```bash destructive\necho restoring")
    fleet.answers["mariadb-dump"] = say_dump
    fleet.scripts["starting"] = (b"no\n", 1)
    rollback = drive(make.approved(stage, (head if dumps else "") + text), fleet)
    steering.answer(
        rollback, position=rollback.question["position"], by=stage.cast.sam, answer="go"
    )
    rollback = drive(rollback, fleet)
    assert rollback.question["kind"] == "failed"
    shown = words(signed_in(stage.cast.dana).get(f"/rollbacks/{rollback.pk}/"))
    assert "The plan names no step that undoes this one." in shown
    assert ("once this rollback has ended" in shown) is dumps
