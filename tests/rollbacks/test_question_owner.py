"""One person takes care of what is asked, others see it, and it is on record."""

from __future__ import annotations

import pytest

from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.actions.question_owner import question_owner, take_question
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.events.verification import flaws
from rollback_console.rollbacks.events.wording import sentence
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.fleet import Fleet
from tests.make import Stage
from tests.rollbacks.driving import drive

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def failed(stage: Stage, fleet: Fleet) -> Rollback:
    fleet.scripts["restoring"] = (b"", 1)
    return drive(make.approved(stage), fleet)


def test_who_takes_a_failure_is_known_until_the_question_is_over(
    stage: Stage, fleet: Fleet, failed: Rollback
) -> None:
    position = failed.question["position"]
    failed = take_question(failed, by=stage.cast.dana)
    assert question_owner(failed) == stage.cast.dana
    assert drive(failed, fleet).question["owner"] == stage.cast.dana.pk
    event = failed.events.get(kind="question.taken")
    assert "took it on: Step" in sentence(event)
    assert list(flaws()) == []
    fleet.scripts["restoring"] = (b"", 0)
    steering.retry(failed, by=stage.cast.lee, position=position)
    assert question_owner(drive(failed, fleet)) is None


def test_taking_over_names_from_whom_and_twice_is_one_event(stage: Stage, failed: Rollback) -> None:
    take_question(failed, by=stage.cast.dana)
    take_question(failed, by=stage.cast.dana)
    with pytest.raises(Refused, match="took it meanwhile"):
        take_question(failed, by=stage.cast.lee)
    failed = take_question(failed, by=stage.cast.lee, over=stage.cast.dana.pk)
    assert question_owner(failed) == stage.cast.lee
    taken = list(failed.events.filter(kind="question.taken").order_by("seq"))
    assert [event.by for event in taken] == [stage.cast.dana, stage.cast.lee]
    assert "took it on from Dana" in sentence(taken[1])


def test_who_may_not_answer_takes_nothing(stage: Stage, failed: Rollback) -> None:
    with pytest.raises(Refused, match="read-only"):
        take_question(failed, by=stage.cast.vic)
    assert not failed.events.filter(kind="question.taken").exists()


def test_where_nothing_is_asked_nothing_is_taken(stage: Stage) -> None:
    rollback = make.approved(stage)
    Rollback.objects.filter(pk=rollback.pk).update(state="running")
    with pytest.raises(Refused, match="Nothing is asked"):
        take_question(rollback, by=stage.cast.dana)
