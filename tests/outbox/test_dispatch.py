"""Deliveries on their way: sent once, tried again, given up, and tried again by a person."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from rollback_console.notify import signing
from rollback_console.outbox import dispatch, loop
from rollback_console.outbox.actions import targets
from rollback_console.outbox.models import Delivery, Target
from rollback_console.rollbacks.errors import Refused
from tests import make
from tests.make import Stage
from tests.receivers import Mail, Web
from tests.toolbox.waiting import until

from .conftest import AddTarget, send_all, told


def test_a_webhook_gets_the_message_signed_with_its_secret(stage: Stage, receiver: Web) -> None:
    _target, secret = targets.add_target(
        by=stage.cast.ada, name="Ops", url=f"{receiver.url}/hook", topics=["decide"]
    )
    rollback = make.requested(stage)
    told()
    send_all()
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.problem) == ("sent", 1, "")
    (post,) = receiver.posts
    assert post.headers[signing.DELIVERY] == str(row.pk)
    stamp, mark = post.headers[signing.TIMESTAMP], post.headers[signing.SIGNATURE]
    assert signing.problem(secret, stamp, mark, post.body, time.time()) == ""
    assert post.json == {
        "delivery": row.pk,
        "topic": "decide",
        "kind": "rollback.requested",
        "environment": "staging",
        "rollback": rollback.pk,
        "title": row.title,
        "text": row.text,
        "link": row.link,
        "at": row.made_at.isoformat(timespec="milliseconds"),
    }
    send_all()
    assert len(receiver.posts) == 1


def test_mail_carries_the_link_and_goes_to_those_it_concerns(
    stage: Stage, add_target: AddTarget, post_office: Mail
) -> None:
    url = f"mailto://127.0.0.1:{post_office.port}?from=console@example.org"
    add_target(url=url, personal=True, topics=["decide"])
    rollback = make.requested(stage)
    told()
    send_all()
    assert post_office.recipients == ["lee@example.org"]
    assert f"http://testserver/rollbacks/{rollback.pk}/" in post_office.letters[0].as_string()
    assert Delivery.objects.get().state == "sent"


def test_what_fails_is_tried_again_later_each_time_and_then_given_up(
    stage: Stage, add_target: AddTarget
) -> None:
    add_target(topics=["decide"])
    make.requested(stage)
    (row,) = told()
    waits = []
    for _ in dispatch.DELAYS:
        Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        send_all()
        row.refresh_from_db()
        assert row.state == "waiting"
        assert "could not be reached" in row.problem
        waits.append((row.due_at - timezone.now()).total_seconds())
    assert waits == sorted(waits)
    assert waits[-1] > 5 * 3600
    Delivery.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    send_all()
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("failed", len(dispatch.DELAYS) + 1)
    assert list(targets.troubled_deliveries()) == [row]
    assert targets.count_troubled() == {"failed": 1, "waiting": 0}


def test_a_person_has_a_failed_one_tried_again(
    stage: Stage, add_target: AddTarget, receiver: Web
) -> None:
    add_target(url=receiver.url, topics=["decide"])
    make.requested(stage)
    (row,) = told()
    Delivery.objects.update(state="failed", attempts=8, problem="The receiver answered 500.")
    with pytest.raises(Refused, match="Ask an operator"):
        targets.retry_delivery(row, by=stage.cast.vic)
    targets.retry_delivery(row, by=stage.cast.dana)
    with pytest.raises(Refused, match="Only a failed message"):
        targets.retry_delivery(row, by=stage.cast.dana)
    send_all()
    row.refresh_from_db()
    assert (row.state, row.retried_by, row.problem) == ("sent", stage.cast.dana, "")


def test_one_that_another_sender_has_is_left_to_it(
    stage: Stage, add_target: AddTarget, receiver: Web
) -> None:
    add_target(url=receiver.url, topics=["decide"])
    make.requested(stage)
    (row,) = told()
    Delivery.objects.update(due_at=timezone.now() + timedelta(minutes=1))
    dispatch.send_delivery(row.pk)
    assert receiver.posts == []


def test_a_removed_target_is_sent_nothing_and_its_record_stays(
    stage: Stage, add_target: AddTarget
) -> None:
    target = add_target(topics=["decide"])
    make.requested(stage)
    (row,) = told()
    targets.remove_target(target, by=stage.cast.ada)
    send_all()
    row.refresh_from_db()
    assert (row.state, row.target, row.target_name) == ("failed", None, "Ops")
    assert "removed or switched off" in row.problem


def test_a_test_is_sent_at_once_and_tells_what_came_of_it(
    stage: Stage, add_target: AddTarget, receiver: Web
) -> None:
    target = add_target(url=receiver.url)
    assert targets.try_out(target, by=stage.cast.ada).state == "sent"
    receiver.status = 500
    failed = targets.try_out(target, by=stage.cast.ada)
    assert (failed.state, failed.problem) == ("failed", "The receiver answered 500.")
    with pytest.raises(Refused, match="Only Admins"):
        targets.try_out(target, by=stage.cast.dana)


def test_where_messages_go_is_kept_encrypted(stage: Stage, add_target: AddTarget) -> None:
    add_target()
    with connection.cursor() as cursor:
        cursor.execute("SELECT url, secret FROM outbox_target")
        (url, secret) = cursor.fetchone()
    assert url.startswith("gAAAA")
    assert secret.startswith("gAAAA")


@pytest.mark.parametrize("url", ["https://127.0.0.9/", "file:///etc/passwd", "http://10.0.0.1/"])
def test_where_messages_must_not_go_is_refused_when_it_is_saved(
    stage: Stage, settings: Settings, url: str
) -> None:
    settings.MESSAGES_ALLOW = []
    with pytest.raises(Refused):
        targets.add_target(by=stage.cast.ada, name="Ops", url=url, topics=["decide"])
    assert not Target.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_round_of_the_loop_writes_and_sends_and_waits_for_nobody(
    add_target: AddTarget, stage: Stage, receiver: Web
) -> None:
    add_target(url=receiver.url, topics=["decide", "decided"])
    make.approved(stage)
    with ThreadPoolExecutor(max_workers=2) as pool:
        sending: loop.Sending = {}
        loop.send_round(pool, sending)
        assert len(sending) == 1, "one at a time to each target"
        until(lambda: len(receiver.posts) == 1)
        until(lambda: all(work.done() for _, work in sending.values()))
        loop.send_round(pool, sending)
    assert [post.json["kind"] for post in receiver.posts] == [
        "rollback.requested",
        "rollback.approved",
    ]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
