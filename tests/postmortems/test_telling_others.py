"""What others are told: by whom, in which words, how often, and behind which link."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from rollback_console import documents
from rollback_console.documents.model import Estimate
from rollback_console.postmortems.models import StatusLink
from rollback_console.postmortems.stakeholders import cadence, messages, status_page
from rollback_console.postmortems.trends import estimates
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.actions import requests, steering
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.events import flaws, sentence
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.fleet import Fleet
from tests.make import PLAN, Stage
from tests.rollbacks.driving import drive

from .conftest import checked

pytestmark = pytest.mark.django_db(transaction=True)

SEED = (Path(__file__).parents[1] / "documents" / "seed.md").read_text()
COMMUNICATION = SEED[SEED.index("## 6.") : SEED.index("## 8.")]


@pytest.fixture
def rollback(stage: Stage) -> Rollback:
    """A request by a plan with the seed's estimates, groups and template."""
    return make.requested(stage, PLAN + "\n" + COMMUNICATION)


def test_the_groups_are_the_plans(rollback: Rollback) -> None:
    assert messages.groups(rollback) == [
        "Development team",
        "Product owner",
        "Stakeholders",
        "Support team",
    ]


def test_the_templates_slots_are_filled_from_the_rollback(rollback: Rollback) -> None:
    now = db_clock.now()
    (message,) = messages.messages(rollback, now)
    until = now + timedelta(minutes=10)
    assert "Reason: Health page answers 500\n" in message.text
    assert f"Expected completion: by {until:%H:%M} UTC (5-10 minutes, the plan's" in message.text
    assert "Status updates: every 30 min" in message.text
    assert message.open == ()


def test_the_last_message_says_how_it_ended(rollback: Rollback, stage: Stage) -> None:
    requests.withdraw(rollback, by=stage.cast.dana)
    rollback.refresh_from_db()
    (message,) = messages.messages(rollback, db_clock.now())
    assert "Expected completion: it was withdrawn at " in message.text
    assert "Status updates: this is the last one" in message.text


def test_a_slot_nobody_can_know_is_left_and_named(stage: Stage) -> None:
    template = (
        "### Message Template\n```\nBridge: [number]\nWhy: <why>\nWhat: [feature name]\n```\n"
    )
    made = make.requested(stage, f"{PLAN}\n## 7. Communication\n\n{template}")
    (message,) = messages.messages(made, db_clock.now())
    assert message.text.splitlines() == [
        "Bridge: [number]",
        "Why: Health page answers 500",
        "What: Checkout 2",
    ]
    assert message.open == ("[number]",)


def test_without_a_template_there_is_a_plain_message(stage: Stage) -> None:
    (message,) = messages.messages(make.requested(stage), db_clock.now())
    assert "Reason: Health page answers 500" in message.text
    assert "Environment: STAGING" in message.text


def test_once_the_plan_has_succeeded_its_history_is_told(stage: Stage, fleet: Fleet) -> None:
    text = PLAN + "\n" + COMMUNICATION
    before = checked(drive(make.approved(stage, text), fleet), fleet, stage)
    again = make.requested(stage, text)
    guess = estimates.expected(again, snapshot_of(again.snapshot))
    assert guess and guess.runs == 0, "one run tells too little"
    for _ in range(2):
        before.pk = None
        before._state.adding = True
        before.save()
    likely = estimates.expected(again, snapshot_of(again.snapshot))
    assert likely and before.finished_at and before.started_at
    assert (likely.high, likely.runs) == (before.finished_at - before.started_at, 3)


def test_the_author_means_one_estimate_for_code_and_another_for_the_database(
    rollback: Rollback,
) -> None:
    snapshot = snapshot_of(rollback.snapshot)
    risky = replace(snapshot, steps=(replace(snapshot.steps[0], destructive=True),))
    plan = documents.read(SEED)
    assert str(estimates.authors(plan, snapshot)) == "5-10 minutes"
    assert str(estimates.authors(plan, risky)) == "15-60 minutes"
    assert estimates.authors(documents.read(PLAN), snapshot) is None


def test_an_estimate_that_names_the_procedure_is_told_alone(rollback: Rollback) -> None:
    snapshot = replace(snapshot_of(rollback.snapshot), procedure="The flag")
    plan = replace(
        documents.read(SEED),
        estimates=(
            Estimate("2 min", "The flag", 2, 2, 1),
            Estimate("10 min", "The whole release", 10, 10, 2),
        ),
    )
    assert str(estimates.authors(plan, snapshot)) == "2 minutes"


def test_the_cadence_is_a_persons_else_the_plans_else_the_usual(
    stage: Stage, rollback: Rollback
) -> None:
    assert cadence.beat(rollback).source == "usual"
    plan = SEED.replace("Status updates: [frequency]", "Status updates: every 2 hours")
    assert cadence.stated_in(documents.read(plan)) == timedelta(hours=2)
    head = "---\ncadence: 10\n---\n"
    assert cadence.stated_in(documents.read(head + SEED)) == timedelta(minutes=10)
    assert cadence.stated_in(documents.read(SEED)) is None
    cadence.set_cadence(rollback, by=stage.cast.dana, minutes=15)
    update = cadence.beat(rollback)
    assert (update.every, update.source) == (timedelta(minutes=15), "person")
    with pytest.raises(Refused, match="1 to 1,440"):
        cadence.set_cadence(rollback, by=stage.cast.dana, minutes=0)
    with pytest.raises(Refused, match="Ask an operator"):
        cadence.set_cadence(rollback, by=stage.cast.vic, minutes=5)


def test_the_next_update_is_due_after_the_last_one(stage: Stage, rollback: Rollback) -> None:
    first = cadence.beat(rollback)
    assert first.next_due == rollback.requested_at + cadence.USUAL
    assert first.late(rollback.requested_at + timedelta(hours=1))
    sent = steering.send_message(rollback, by=stage.cast.dana, text="Soon", recipients="Support")
    sent.refresh_from_db()
    assert cadence.beat(rollback).next_due == sent.at + cadence.USUAL
    requests.withdraw(rollback, by=stage.cast.dana)
    rollback.refresh_from_db()
    assert cadence.beat(rollback).next_due is None
    with pytest.raises(Refused, match="has ended"):
        cadence.set_cadence(rollback, by=stage.cast.dana, minutes=5)


def test_a_status_link_opens_one_rollback_until_it_is_revoked(
    stage: Stage, rollback: Rollback
) -> None:
    link, secret = status_page.share(rollback, by=stage.cast.dana, label="Support")
    assert status_page.behind(secret) == rollback
    assert secret not in str(StatusLink.objects.values_list().get())
    assert len(secret) >= 43
    assert status_page.behind(secret[:-1]) is None
    status_page.revoke(link, by=stage.cast.lee)
    assert status_page.behind(secret) is None
    with pytest.raises(Refused, match="revoked already"):
        status_page.revoke(link, by=stage.cast.lee)


def test_who_shares_revokes_or_promises_updates_is_on_record(
    stage: Stage, rollback: Rollback
) -> None:
    link, secret = status_page.share(rollback, by=stage.cast.dana, label="Support")
    cadence.set_cadence(rollback, by=stage.cast.dana, minutes=15)
    status_page.revoke(link, by=stage.cast.lee)
    with pytest.raises(Refused):
        status_page.revoke(link, by=stage.cast.lee)
    recorded = list(rollback.events.order_by("seq"))[-3:]
    assert [sentence(each) for each in recorded] == [
        "Dana Example shared a public status page with Support",
        "Dana Example promised an update every 15 min",
        "Lee Example closed the public status page for Support",
    ]
    assert not [each for each in recorded if secret in str(each.facts)]
    assert list(flaws()) == []


def test_only_who_steers_shares(stage: Stage, rollback: Rollback) -> None:
    with pytest.raises(Refused, match="may not share"):
        status_page.share(rollback, by=stage.cast.vic, label="Me")
    with pytest.raises(Refused, match="whom the link is for"):
        status_page.share(rollback, by=stage.cast.dana, label=" ")


def test_the_status_says_what_others_were_told(stage: Stage, rollback: Rollback) -> None:
    steering.send_message(rollback, by=stage.cast.dana, text="Soon back", recipients="Support")
    update = status_page.status(rollback)
    assert (update.what, update.state) == ("Checkout 2", "requested")
    assert [text for _, text in update.messages] == ["Soon back"]
    assert update.next_update
