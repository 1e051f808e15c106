"""What goes past approved steps takes two people where two had to approve."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from rollback_console.rollbacks.actions import approvals, restarts, steering
from rollback_console.rollbacks.actions.second_person import open_proposals
from rollback_console.rollbacks.errors import Refused, SecondPersonNeeded
from rollback_console.rollbacks.models import RightGrant, Rollback
from tests import make
from tests.fleet import Fleet, say_dump
from tests.make import PLAN, Stage
from tests.rollbacks.driving import drive

pytestmark = pytest.mark.django_db(transaction=True)

DROPS = PLAN.replace("echo restoring", "mysql shop -e 'DROP TABLE orders'")


def waiting(stage: Stage, fleet: Fleet, text: str = PLAN) -> Rollback:
    """A rollback that two approved and that waits for a person."""
    stage.environment.approvals_code = stage.environment.approvals_data = 2
    stage.environment.save()
    rollback = make.requested(stage, text)
    for maker in (stage.cast.lee, stage.cast.sam):
        approvals.approve(rollback, by=maker, snapshot_sha256=rollback.snapshot_sha256)
    return drive(rollback, fleet)


def test_a_step_is_skipped_once_a_second_person_asks_for_the_same(
    stage: Stage, fleet: Fleet
) -> None:
    fleet.scripts["restoring"] = (b"", 1)
    rollback = waiting(stage, fleet)
    with pytest.raises(SecondPersonNeeded, match="Two people are needed to skip step 2"):
        steering.skip(rollback, position=2, by=stage.cast.dana, reason="Done by hand")
    with pytest.raises(Refused, match="somebody else has to ask"):
        steering.skip(rollback, position=2, by=stage.cast.dana, reason="Done by hand")
    assert [each.by for each in open_proposals(rollback)] == [stage.cast.dana]
    assert not rollback.events.filter(kind="step.skipped").exists()
    steering.skip(rollback, position=2, by=stage.cast.lee, reason="I saw it")
    kinds = list(rollback.events.order_by("seq").values_list("kind", flat=True))
    assert kinds[-3:] == ["deviation.confirmed", "question.answered", "step.skipped"]
    assert rollback.events.get(kind="deviation.confirmed").by == stage.cast.lee
    assert not open_proposals(rollback)


def test_another_wish_is_no_agreement(stage: Stage, fleet: Fleet) -> None:
    fleet.scripts["restoring"] = (b"", 1)
    rollback = waiting(stage, fleet)
    with pytest.raises(SecondPersonNeeded):
        steering.skip(rollback, position=2, by=stage.cast.dana, reason="Done by hand")
    with pytest.raises(SecondPersonNeeded):
        restarts.resume_from(rollback, position=3, by=stage.cast.lee, reason="Go past it")
    assert len(open_proposals(rollback)) == 2
    restarts.resume_from(rollback, position=3, by=stage.cast.sam, reason="Go past it")
    assert rollback.events.filter(kind="rollback.redirected").exists()


def test_a_wish_ends_with_the_question_it_was_about(stage: Stage, fleet: Fleet) -> None:
    fleet.scripts["restoring"] = (b"", 1)
    rollback = waiting(stage, fleet)
    with pytest.raises(SecondPersonNeeded):
        steering.skip(rollback, position=2, by=stage.cast.dana, reason="Done by hand")
    steering.retry(rollback, position=2, by=stage.cast.dana, reason="Again")
    rollback = drive(rollback, fleet)
    assert not open_proposals(rollback)
    with pytest.raises(SecondPersonNeeded):
        steering.skip(rollback, position=2, by=stage.cast.lee, reason="I saw it")


def test_the_gate_of_a_destructive_step_is_opened_by_two(stage: Stage, fleet: Fleet) -> None:
    rollback = waiting(stage, fleet, DROPS)
    assert rollback.question["kind"] == "gate"
    given = {"position": rollback.question["position"], "answer": "go", "without_dump": True}
    with pytest.raises(SecondPersonNeeded, match="confirm the destructive step"):
        steering.answer(rollback, by=stage.cast.dana, **given)
    assert not rollback.step_answers.exists()
    steering.answer(rollback, by=stage.cast.lee, **given)
    assert rollback.step_answers.get().answer == "go"


def test_what_ended_unseen_is_taken_as_done_by_two(stage: Stage, fleet: Fleet) -> None:
    fleet.scripts["restoring"] = (b"", 1)
    rollback = waiting(stage, fleet)
    run = rollback.runs.get(position=2)
    rollback.runs.filter(pk=run.pk).update(state="lost")
    Rollback.objects.filter(pk=rollback.pk).update(
        question={"kind": "lost", "position": 2, "tokens": [str(run.token)]}
    )
    with pytest.raises(SecondPersonNeeded, match="take step 2 as done, whose end nobody knows"):
        taken_as_done(rollback, stage.cast.dana)
    assert rollback.runs.get(pk=run.pk).answer == ""
    taken_as_done(rollback, stage.cast.lee)
    assert rollback.runs.get(pk=run.pk).answer == "continue"


def taken_as_done(rollback: Rollback, by: User) -> None:
    steering.answer(rollback, position=2, by=by, answer="continue", note="The tag is there")


def test_a_destructive_step_that_was_undone_is_opened_anew_by_two(
    stage: Stage, fleet: Fleet
) -> None:
    fleet.scripts["DROP TABLE"] = (b"", 1)
    fleet.answers["mysqldump"] = say_dump
    head = "---\ndatabase: {kind: mysql, name: shop, folder: /var/backups}\n---\n"
    rollback = waiting(stage, fleet, head + DROPS)
    rollback = opened_by_two(rollback, stage, fleet)
    assert (rollback.question["kind"], rollback.question["position"]) == ("failed", 3)
    steering.undo(rollback, position=3, by=stage.cast.dana, reason="Back to before")
    rollback = opened_by_two(drive(rollback, fleet), stage, fleet)
    assert (rollback.question["kind"], rollback.question["position"]) == ("failed", 3)
    steering.retry(rollback, position=3, by=stage.cast.dana, reason="Once more")
    rollback = drive(rollback, fleet)
    assert (rollback.question["kind"], rollback.question["position"]) == ("gate", 3)
    assert [script for _, script in fleet.order if "DROP TABLE orders" in script] == [
        "mysql shop -e 'DROP TABLE orders'\n"
    ]


def opened_by_two(rollback: Rollback, stage: Stage, fleet: Fleet) -> Rollback:
    """The gate that it waits at, let through; then driven on."""
    position = rollback.question["position"]
    with pytest.raises(SecondPersonNeeded):
        steering.answer(rollback, position=position, by=stage.cast.dana, answer="go")
    steering.answer(rollback, position=position, by=stage.cast.lee, answer="go")
    return drive(rollback, fleet)


def test_who_was_given_the_right_meanwhile_is_no_second_person(stage: Stage, fleet: Fleet) -> None:
    fleet.scripts["restoring"] = (b"", 1)
    rollback = waiting(stage, fleet)
    with pytest.raises(SecondPersonNeeded):
        steering.skip(rollback, position=2, by=stage.cast.dana, reason="Done by hand")
    RightGrant.objects.filter(user=stage.cast.lee).delete()
    stage.cast.vic.groups.add(*stage.cast.lee.groups.all())
    newcomer = type(stage.cast.vic).objects.get(pk=stage.cast.vic.pk)
    with pytest.raises(Refused, match="after this rollback was asked for"):
        steering.skip(rollback, position=2, by=newcomer, reason="I saw it")


@pytest.mark.parametrize(("rule", "two"), [("quorum", False), ("never", False), ("always", True)])
def test_the_environment_says_where_two_are_needed(
    stage: Stage, fleet: Fleet, rule: str, two: bool
) -> None:
    stage.environment.second_person = rule
    stage.environment.save()
    fleet.scripts["restoring"] = (b"", 1)
    rollback = drive(make.approved(stage), fleet)
    if two:
        with pytest.raises(SecondPersonNeeded):
            steering.skip(rollback, position=2, by=stage.cast.dana, reason="Done by hand")
    else:
        steering.skip(rollback, position=2, by=stage.cast.dana, reason="Done by hand")
        assert rollback.events.filter(kind="step.skipped").exists()
