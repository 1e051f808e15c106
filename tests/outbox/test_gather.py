"""From what happened to what is owed: everything once, and no secret."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from rollback_console.outbox import enqueue, messages
from rollback_console.outbox.actions import targets
from rollback_console.outbox.models import Delivery, Target, Told
from rollback_console.plans.models import Credential, Environment, Host, HostKey, Secret
from rollback_console.postmortems.models import Import
from rollback_console.rollbacks.actions import requests, steering
from rollback_console.rollbacks.events import record
from rollback_console.rollbacks.models import Event, Rollback
from tests import make
from tests.make import Stage

from .conftest import AddTarget, told


def kinds(rows: list[Delivery]) -> list[str]:
    return [row.kind for row in rows]


def test_a_request_is_told_to_those_who_are_asked_now(stage: Stage, add_target: AddTarget) -> None:
    add_target()
    rollback = make.requested(stage)
    (row,) = told()
    assert (row.topic, row.kind, row.rollback) == ("decide", "rollback.requested", rollback)
    assert row.title == f"[STAGING] Approval needed: {rollback.title}"
    assert "Reason: Health page answers 500" in row.text
    assert "Asked now: Lee Example (Deploy Lead)" in row.text
    assert "Sam" not in row.text
    assert row.link == f"http://testserver/rollbacks/{rollback.pk}/"
    assert row.to == []


def test_mail_for_people_goes_to_the_present_rung(stage: Stage, add_target: AddTarget) -> None:
    add_target(url="mailto://127.0.0.1:9?from=c@example.org", personal=True)
    make.requested(stage)
    assert told()[0].to == ["lee@example.org"]


def test_each_step_of_a_rollback_is_told_once(stage: Stage, add_target: AddTarget) -> None:
    add_target()
    rollback = make.approved(stage)
    assert kinds(told()) == ["rollback.requested", "rollback.approved"]
    with transaction.atomic():
        record(rollback, "rollback.started")
        record(rollback, "question.asked", question="failed", position=1)
        record(rollback, "note.added", text="Nobody needs to hear this")
        record(rollback, "rollback.finished", state="succeeded")
    assert kinds(told())[2:] == ["rollback.started", "question.asked", "rollback.finished"]
    assert len(told()) == 5


@pytest.mark.parametrize(
    "kind", ["approval.escalated", "approval.reminded", "approval.nudged", "break_glass.used"]
)
def test_kinds_of_events_that_others_add_are_told_by_the_table(
    stage: Stage, add_target: AddTarget, kind: str
) -> None:
    add_target()
    rollback = make.requested(stage)
    told()
    with transaction.atomic():
        record(rollback, kind, by=stage.cast.lee, reason="It burns")
    row = told()[-1]
    assert row.kind == kind
    assert "Reason: Health page answers 500" in row.text


def test_a_target_hears_its_topics_and_its_environment_alone(
    stage: Stage, add_target: AddTarget
) -> None:
    other = Environment.objects.create(slug="production", name="PRODUCTION")
    add_target("here", environment=stage.environment, topics=["decide"])
    add_target("everywhere", topics=["decided"])
    add_target("elsewhere", environment=other)
    off = add_target("off")
    Target.objects.filter(pk=off.pk).update(is_active=False)
    make.approved(stage)
    assert [(row.target_name, row.kind) for row in told()] == [
        ("here", "rollback.requested"),
        ("everywhere", "rollback.approved"),
    ]


def test_a_new_target_is_not_told_what_happened_before(stage: Stage, add_target: AddTarget) -> None:
    rollback = make.requested(stage)
    told()
    add_target()
    requests.withdraw(rollback, by=stage.cast.dana)
    assert kinds(told()) == ["rollback.withdrawn"]


def test_what_was_loaded_from_a_file_is_not_told(stage: Stage, add_target: AddTarget) -> None:
    add_target()
    rollback = make.requested(stage)
    Import.objects.create(
        rollback=rollback, sha256="0" * 64, by=stage.cast.ada, at=rollback.requested_at
    )
    assert told() == []


def test_a_round_that_is_cut_short_loses_and_repeats_nothing(
    stage: Stage, add_target: AddTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_target()
    make.approved(stage)

    def broken(note: messages.Notice) -> int:
        if note.kind == "rollback.approved":
            raise RuntimeError("killed here")
        return keep(note)

    keep = enqueue.store_notice
    monkeypatch.setattr(enqueue, "store_notice", broken)
    with pytest.raises(RuntimeError):
        enqueue.events()
    assert not Delivery.objects.exists()
    monkeypatch.undo()
    assert kinds(told()) == ["rollback.requested", "rollback.approved"]


def test_the_cursor_alone_decides_and_a_stale_sweeper_writes_nothing(
    stage: Stage, add_target: AddTarget
) -> None:
    add_target()
    rollback = make.requested(stage)
    assert len(told()) == 1
    Told.objects.update(seq=0)
    assert len(told()) == 1
    enqueue._rollback(rollback.pk, known=0)
    assert Told.objects.get().seq == rollback.last_seq


def test_an_event_that_cannot_be_told_keeps_no_other_from_being_told(
    stage: Stage,
    add_target: AddTarget,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(rollback: Rollback, event: Event) -> messages.Notice | None:
        if event.kind == "gate.opened":
            raise KeyError(event.kind)
        return notice_of(rollback, event)

    notice_of = messages.notice_of
    monkeypatch.setattr(messages, "notice_of", broken)
    add_target()
    rollback = make.requested(stage)
    with transaction.atomic():
        record(rollback, "gate.opened", position=1)
        record(rollback, "rollback.finished", state="failed")
    assert kinds(told()) == ["rollback.requested", "rollback.finished"]
    assert "could not be told" in caplog.text


def test_secrets_and_calls_to_everybody_are_masked(stage: Stage, add_target: AddTarget) -> None:
    Secret.objects.create(environment=stage.environment, name="DB_PASSWORD", value="swordfish")
    stage.host.credential.password = "opensesame"
    stage.host.credential.save()
    add_target()
    requests.open_request(
        make.plan(stage),
        by=stage.cast.dana,
        reason="mysql -pswordfish said no, opensesame too, @everyone",
        choices={},
    )
    (row,) = told()
    assert "swordfish" not in row.text
    assert "opensesame" not in row.text
    assert "********* said no" in row.text
    assert "@everyone" not in row.text


def test_no_words_of_a_message_stand_for_an_address_or_call_people(
    stage: Stage, add_target: AddTarget
) -> None:
    add_target()
    reason = "<https://evil.example|Approve> [Approve](https://evil.example) <@U1> <!here> a < b"
    requests.open_request(make.plan(stage), by=stage.cast.dana, reason=reason, choices={})
    (row,) = told()
    for link in ("<https", "](", "<@U1", "<!here"):
        assert link not in row.text
    assert "a < b" in row.text


def test_what_opens_a_host_on_the_way_is_masked_in_messages_too(
    stage: Stage, add_target: AddTarget
) -> None:
    add_target()
    elsewhere = Environment.objects.create(slug="edge", name="Edge")
    login = Credential.objects.create(name="gate", username="gate", password="gate-swordfish")
    gate = Host.objects.create(
        name="gate", environment=elsewhere, address="192.0.2.9", credential=login
    )
    Host.objects.filter(pk=stage.host.pk).update(jump=gate)
    HostKey.objects.create(host=gate, type="ssh-ed25519", key=make.KEY, confirmed_at=timezone.now())
    requests.open_request(
        make.plan(stage), by=stage.cast.dana, reason="It says gate-swordfish", choices={}
    )
    (row,) = told()
    assert "swordfish" not in row.text


def test_a_message_of_a_person_is_sent_as_it_was_written(
    stage: Stage, add_target: AddTarget
) -> None:
    add_target(topics=["message"])
    rollback = make.requested(stage)
    steering.send_message(rollback, by=stage.cast.dana, text="Back by noon.", recipients="All")
    (row,) = told()
    assert row.text.startswith("Back by noon.\n")
    assert targets.targets_for(rollback, "message") == [row.target]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="one writer at a time")
def test_two_sweepers_at_once_write_one_row(add_target: AddTarget, stage: Stage) -> None:
    add_target()
    make.approved(stage)
    both = [threading.Thread(target=_gather) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert Delivery.objects.count() == 2
    assert Rollback.objects.get().told.seq == Rollback.objects.get().last_seq


def _gather() -> None:
    try:
        enqueue.events()
    finally:
        connection.close()
