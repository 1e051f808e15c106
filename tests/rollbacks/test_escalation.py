"""What becomes of a request that nobody decides: more are asked and reminded; none approves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from rollback_console.plans.actions.environments import change_environment
from rollback_console.plans.models import DecisionMaker
from rollback_console.rollbacks.actions import approvals, requests
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Event, Rollback
from rollback_console.rollbacks.queries import approval_status
from rollback_console.rollbacks.sweeper import escalation
from tests import make
from tests.make import Stage

pytestmark = pytest.mark.django_db


def told(rollback: Rollback, kind: str) -> list[dict[str, Any]]:
    return [each.facts for each in rollback.events.filter(kind=kind).order_by("seq")]


def names(facts: dict[str, Any]) -> list[str]:
    return [each["name"] for each in facts["to"]]


def later(**fields: timedelta) -> None:
    """As if that much time had passed for these moments."""
    Rollback.objects.update(**{name: timezone.now() - ago for name, ago in fields.items()})


def test_a_request_says_whom_it_asks_first(stage: Stage) -> None:
    rollback = make.requested(stage)
    facts = told(rollback, "rollback.requested")[0]
    assert (facts["rung"], names(facts)) == (1, ["Lee Example"])
    assert rollback.escalates_at is not None
    waits = (rollback.escalates_at - rollback.requested_at).total_seconds() / 60
    assert round(waits) == stage.environment.escalate_after


def test_an_unanswered_request_goes_to_the_next_rung_once(stage: Stage) -> None:
    rollback = make.requested(stage)
    escalation.escalate()
    assert not told(rollback, "approval.escalated")
    later(escalates_at=timedelta(seconds=1))
    escalation.escalate()
    escalation.escalate()
    (facts,) = told(rollback, "approval.escalated")
    assert (facts["from_rung"], facts["rung"], names(facts)) == (1, 2, ["Sam Example"])
    assert facts["next_at"] == ""
    rollback.refresh_from_db()
    assert (rollback.state, rollback.rung) == ("requested", 2)


def test_at_the_top_of_the_ladder_nothing_is_told_and_nothing_approved(stage: Stage) -> None:
    rollback = make.requested(stage)
    for _ in range(4):
        later(escalates_at=timedelta(seconds=1))
        escalation.escalate()
    assert len(told(rollback, "approval.escalated")) == 1
    rollback.refresh_from_db()
    assert (rollback.state, rollback.approvals.count()) == ("requested", 0)


def test_a_person_named_meanwhile_is_not_asked_about_what_is_open(stage: Stage) -> None:
    rollback = make.requested(stage)
    for _ in range(2):
        later(escalates_at=timedelta(seconds=1))
        escalation.escalate()
    DecisionMaker.objects.create(
        environment=stage.environment, user=stage.cast.vic, role="CTO", rung=3
    )
    later(escalates_at=timedelta(seconds=1))
    escalation.escalate()
    assert all(names(each) != ["Vic Example"] for each in told(rollback, "approval.escalated"))


@pytest.mark.parametrize("ended", ["rejected", "approved", "withdrawn", "expired"])
def test_what_is_decided_or_over_is_neither_escalated_nor_reminded(
    stage: Stage, ended: str
) -> None:
    rollback = make.requested(stage)
    Rollback.objects.update(state=ended)
    later(escalates_at=timedelta(seconds=1), reminds_at=timedelta(seconds=1))
    escalation.escalate()
    escalation.remind()
    assert not told(rollback, "approval.escalated") + told(rollback, "approval.reminded")


def test_the_requesters_own_rung_is_passed_over(stage: Stage) -> None:
    revision = make.plan(stage)
    rollback = requests.open_request(revision, by=stage.cast.lee, reason="x", choices={})
    assert rollback.rung == 2
    assert names(told(rollback, "rollback.requested")[0]) == ["Sam Example"]


def test_those_who_are_asked_are_reminded_twice_before_the_end(stage: Stage) -> None:
    rollback = make.requested(stage)
    soon = timezone.now() + timedelta(minutes=14)
    Rollback.objects.update(expires_at=soon, reminds_at=timezone.now() - timedelta(seconds=1))
    escalation.remind()
    escalation.remind()
    (facts,) = told(rollback, "approval.reminded")
    assert (facts["minutes_left"], names(facts)) == (14, ["Lee Example"])
    rollback.refresh_from_db()
    assert rollback.reminds_at is not None
    assert rollback.expires_at - rollback.reminds_at == timedelta(minutes=5)
    Rollback.objects.update(
        expires_at=timezone.now() + timedelta(minutes=4),
        reminds_at=timezone.now() - timedelta(seconds=1),
    )
    escalation.remind()
    assert Rollback.objects.get().reminds_at is None
    rollback.refresh_from_db()
    assert len(told(rollback, "approval.reminded")) == 2
    assert rollback.state == "requested"


def test_an_environment_without_reminders_reminds_nobody(stage: Stage) -> None:
    stage.environment.remind_before = 0
    stage.environment.save()
    assert make.requested(stage).reminds_at is None


def test_a_nudge_reaches_who_is_asked_and_is_not_repeated_at_once(stage: Stage) -> None:
    rollback = make.requested(stage)
    approvals.nudge(rollback, by=stage.cast.dana)
    assert names(told(rollback, "approval.nudged")[0]) == ["Lee Example"]
    with pytest.raises(Refused, match=r"just sent. Try again in [45] min"):
        approvals.nudge(rollback, by=stage.cast.sam)
    long_ago = (timezone.now() - timedelta(minutes=6)).isoformat(timespec="milliseconds")
    Event.objects.filter(kind="approval.nudged").update(at=long_ago)
    approvals.nudge(rollback, by=stage.cast.sam)


def test_who_may_not_ask_may_not_nudge_and_what_is_over_is_not_nudged(stage: Stage) -> None:
    rollback = make.requested(stage)
    with pytest.raises(Refused, match="may not remind"):
        approvals.nudge(rollback, by=stage.cast.vic)
    requests.withdraw(rollback, by=stage.cast.dana)
    with pytest.raises(Refused, match="no longer needs"):
        approvals.nudge(rollback, by=stage.cast.dana)


def test_a_question_and_its_answers_stand_together(stage: Stage) -> None:
    rollback = make.requested(stage)
    put = approvals.ask_question(rollback, by=stage.cast.lee, text=" Is the dump from today? ")
    approvals.answer_question(rollback, question=put.seq, by=stage.cast.dana, text="03:00 UTC")
    (question,) = approval_status.deciding_of(rollback, stage.cast.lee).questions
    assert question.event.facts["text"] == "Is the dump from today?"
    assert names(question.event.facts) == ["Dana Example"]
    assert [each.facts["text"] for each in question.answers] == ["03:00 UTC"]
    assert names(question.answers[0].facts) == ["Lee Example"]


def test_only_a_question_is_answered_and_only_with_words(stage: Stage) -> None:
    rollback = make.requested(stage)
    with pytest.raises(Refused, match="not a question"):
        approvals.answer_question(rollback, question=1, by=stage.cast.dana, text="Yes")
    with pytest.raises(Refused, match="Write between"):
        approvals.ask_question(rollback, by=stage.cast.lee, text="  ")
    requests.withdraw(rollback, by=stage.cast.dana)
    with pytest.raises(Refused, match="add a note"):
        approvals.ask_question(rollback, by=stage.cast.lee, text="Why?")


def test_a_renewal_keeps_what_changed_and_needs_people_enough(stage: Stage) -> None:
    rollback = make.requested(stage)
    with pytest.raises(Refused, match="Nothing has changed"):
        requests.renew(rollback, by=stage.cast.dana)
    quorum: Any = {"approvals_code": 2, "approvals_data": 2}
    change_environment(stage.environment, by=stage.cast.ada, **quorum)
    rollback = requests.renew(rollback, by=stage.cast.dana)
    assert approval_status.deciding_of(rollback, stage.cast.lee).renewed == [
        ["policy.quorum", 1, 2],
        ["policy.second_person", False, True],
    ]
