"""Targets and deliveries, as people see them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from rollback_console.audit.stale_edit import draw_version
from rollback_console.outbox import enqueue
from rollback_console.outbox.actions import targets
from rollback_console.outbox.models import Delivery, Target
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.receivers import Web, web

from .conftest import SignIn, words

PAGES = ["/targets/", "/targets/new/", "/integrations/", "/integrations/new/"]


@pytest.fixture(autouse=True)
def loopback(settings: Settings) -> None:
    settings.MESSAGES_ALLOW = ["127.0.0.0/8"]
    settings.MESSAGES_SECONDS = 10


@pytest.fixture
def receiver() -> Iterator[Web]:
    with web() as seen:
        yield seen


def target(stage: make.Stage, url: str = "http://127.0.0.1:9/hook?token=swordfish") -> Target:
    topics = ["decide", "message"]
    return targets.add_target(by=stage.cast.ada, name="Ops", url=url, topics=topics)[0]


@pytest.mark.parametrize("address", PAGES)
def test_where_messages_go_is_for_admins_alone(
    signed_in: SignIn, stage: make.Stage, address: str
) -> None:
    assert signed_in(stage.cast.ada).get(address).status_code == 200
    assert signed_in(stage.cast.dana).get(address).status_code == 403
    assert signed_in(stage.cast.dana).post(address).status_code == 403


@pytest.mark.parametrize("act", ["", "tests/", "secrets/", "removals/"])
def test_nobody_but_admins_acts_on_a_target(signed_in: SignIn, stage: make.Stage, act: str) -> None:
    made = target(stage)
    answer = signed_in(stage.cast.dana).post(f"/targets/{made.pk}/{act}", {"name": "Mine"})
    assert answer.status_code == 403
    assert Target.objects.get().name == "Ops"


def test_an_old_session_proves_who_it_is_before_it_sees_or_changes_where_messages_go(
    stage: make.Stage,
) -> None:
    client = make.signed_in(stage.cast.ada, minutes_ago=6)
    for address in ("/targets/new/", f"/targets/{target(stage).pk}/", "/integrations/new/"):
        assert "/account/confirmation/" in client.get(address)["Location"]


def test_a_target_is_added_tried_out_changed_and_removed(
    signed_in: SignIn, stage: make.Stage, receiver: Web
) -> None:
    client = signed_in(stage.cast.ada)
    fields = {"name": "Ops", "url": f"{receiver.url}/hook?token=swordfish", "topics": ["decide"]}
    page = client.post("/targets/new/", fields)
    made = Target.objects.get()
    assert made.secret in words(page)
    assert page["Cache-Control"] == "no-store"
    address = f"/targets/{made.pk}/"
    assert "Ops accepted the test message." in words(client.post(f"{address}tests/", follow=True))
    receiver.status = 500
    text = words(client.post(f"{address}tests/", follow=True))
    assert "The test message was not delivered. The receiver answered 500." in text
    for shown in (client.get(address), client.get("/targets/")):
        assert "http://127.0.0.1/…" in words(shown)
        assert b"swordfish" not in shown.content
        assert made.secret.encode() not in shown.content
    fields = {"name": "Ops 2", "url": "", "topics": ["decide", "asked"]}
    client.post(address, {**fields, "drawn_from": draw_version(made, *targets.RECORDED)})
    made.refresh_from_db()
    assert (made.name, made.topics, made.is_active) == ("Ops 2", ["decide", "asked"], False)
    assert "swordfish" in made.url
    old = made.secret
    text = words(client.post(f"{address}secrets/"))
    made.refresh_from_db()
    assert made.secret in text
    assert made.secret != old
    client.post(f"{address}removals/")
    assert not Target.objects.exists()
    assert Delivery.objects.count() == 2


def test_an_address_inside_is_refused_with_a_sentence(
    signed_in: SignIn, stage: make.Stage, settings: Settings
) -> None:
    settings.MESSAGES_ALLOW = []
    fields = {"name": "Ops", "url": "http://169.254.169.254/latest/", "topics": ["decide"]}
    answer = signed_in(stage.cast.ada).post("/targets/new/", fields)
    assert answer.status_code == 422
    assert "169.254.169.254 is not a public address." in words(answer)
    assert not Target.objects.exists()


def test_a_name_with_markup_is_only_text(signed_in: SignIn, stage: make.Stage) -> None:
    made = target(stage)
    Target.objects.update(name="<b>Ops</b>", shown="<script>x</script>")
    body = signed_in(stage.cast.ada).get(f"/targets/{made.pk}/").content.decode()
    assert "<b>Ops" not in body
    assert "<script>x" not in body


def test_what_did_not_arrive_shows_where_it_matters_and_is_sent_again(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    target(stage)
    enqueue.events()
    Delivery.objects.update(state="failed", problem="The receiver answered 500.", attempts=8)
    row = Delivery.objects.get()
    for who, address in [
        (stage.cast.ada, "/targets/"),
        (stage.cast.dana, f"/rollbacks/{pending.pk}/"),
        (stage.cast.dana, f"/rollbacks/{pending.pk}/communication/"),
    ]:
        page = words(signed_in(who).get(address))
        assert "The receiver answered 500." in page, address
        assert "Send again" in page, address
    page = words(signed_in(stage.cast.vic).get(f"/rollbacks/{pending.pk}/"))
    assert "The receiver answered 500." in page
    assert "Send again" not in page
    retry = f"/deliveries/{row.pk}/retries/"
    assert "Ask an operator" in words(signed_in(stage.cast.vic).post(retry, follow=True))
    page = words(signed_in(stage.cast.dana).post(retry, follow=True))
    assert "The message is sent again within seconds." in page
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("waiting", 0)


def test_a_person_reads_where_a_message_goes_before_sending_it(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    address = f"/rollbacks/{pending.pk}/communication/"
    client = signed_in(stage.cast.dana)
    assert "the message is only recorded" in words(client.get(address))
    target(stage)
    assert "Sent to: Ops." in words(client.get(address))
    client.post(f"{address}messages/", {"text": "Back by noon.", "recipients": "All"})
    enqueue.events()
    assert Delivery.objects.get(kind="message.sent").text.startswith("Back by noon.")
