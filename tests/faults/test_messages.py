"""Receivers that say nothing, and sweepers that die while they send: no rollback waits."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.utils import timezone

from rollback_console.outbox.models import Delivery, Target, Told
from rollback_console.outbox.topics import TOPICS
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.make import Stage
from tests.receivers import Web, web
from tests.remote.sshd import Sshd
from tests.toolbox.waiting import until

from .ground import Ground
from .promise import kept, succeeds
from .stage import Console

pytestmark = [pytest.mark.faults, pytest.mark.representative]

SETTINGS = {"MESSAGES_ALLOW": "127.0.0.0/8", "MESSAGES_SECONDS": "3"}


@pytest.fixture
def receiver() -> Iterator[Web]:
    with web() as seen:
        yield seen


def listens(place: Stage, receiver: Web) -> None:
    """Kept as a page would keep it; this process need not be allowed to reach it."""
    Target.objects.create(
        name="Ops",
        url=f"{receiver.url}/hook",
        shown="http://127.0.0.1/…",
        secret="s" * 43,
        topics=list(TOPICS),
        made_by=place.cast.ada,
        made_at=timezone.now(),
    )


def all_written(rollback: Rollback) -> bool:
    rollback.refresh_from_db()
    return Told.objects.filter(rollback=rollback, seq=rollback.last_seq).exists()


def test_a_receiver_that_says_nothing_holds_no_rollback_up_and_is_told_later(
    own_console: Console, sshd: Sshd, ground: Ground, receiver: Web
) -> None:
    place = own_console.place(sshd.address())
    listens(place, receiver)
    receiver.silent = threading.Event()
    sweeper = own_console.sweeper(SETTINGS)
    rollback = make.approved(place, ground.plan("echo one", "echo two"))
    succeeds(rollback, place)
    kept(rollback, ground)
    assert not Delivery.objects.filter(state="sent").exists()
    quiet, receiver.silent = receiver.silent, None
    quiet.set()
    until(lambda: all_written(rollback), "all is written", details=sweeper.said)

    def arrived() -> bool:
        Delivery.objects.filter(state="waiting", claim=None).update(due_at=timezone.now())
        Delivery.objects.exclude(problem="").filter(state="waiting").update(due_at=timezone.now())
        return not Delivery.objects.exclude(state="sent").exists()

    until(arrived, "all is sent", details=sweeper.said)
    kinds = list(Delivery.objects.values_list("kind", flat=True))
    assert len(kinds) == len(set(Delivery.objects.values_list("cause", flat=True)))
    assert {"rollback.requested", "rollback.approved", "rollback.finished"} <= set(kinds)
    assert {post.json["kind"] for post in receiver.posts} == set(kinds)


def test_a_sweeper_killed_while_it_sends_is_followed_by_another_under_the_same_number(
    own_console: Console, sshd: Sshd, ground: Ground, receiver: Web
) -> None:
    place = own_console.place(sshd.address())
    listens(place, receiver)
    receiver.silent = threading.Event()
    sweeper = own_console.sweeper(SETTINGS)
    make.requested(place, ground.plan("echo one"))
    until(lambda: receiver.posts, "something is sent", details=sweeper.said)
    sweeper.kill()
    quiet, receiver.silent = receiver.silent, None
    quiet.set()
    row = Delivery.objects.get()
    assert (row.state, row.attempts) == ("waiting", 1)
    # As the minutes would, after which a sender counts as dead.
    Delivery.objects.update(due_at=timezone.now())
    other = own_console.sweeper(SETTINGS)
    until(lambda: Delivery.objects.get().state == "sent", "it is sent", details=other.said)
    numbers = {post.headers["Rollback-Console-Delivery"] for post in receiver.posts}
    assert (len(receiver.posts), numbers) == (2, {str(row.pk)})
