"""Pages say who was notified over which channel, and shout where nobody is."""

from __future__ import annotations

from django.utils import timezone

from rollback_console.outbox.actions import targets
from rollback_console.outbox.models import Delivery
from rollback_console.rollbacks.actions import approvals
from rollback_console.rollbacks.models import Rollback
from tests import make

from .conftest import SignIn, words

ALARM = "Nobody is notified: call them."


def test_where_no_channel_notifies_anybody_the_page_says_to_call_them(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client = signed_in(stage.cast.dana)
    address = f"/rollbacks/{pending.pk}/"
    assert ALARM in words(client.get(address))
    question = {"kind": "gate", "position": 2, "tokens": []}
    Rollback.objects.update(state="waiting", question=question, started_at=timezone.now())
    assert ALARM in words(client.get(address))
    targets.add_target(
        by=stage.cast.ada, name="Ops", url="https://example.org/hook", topics=["decide", "asked"]
    )
    assert ALARM not in words(client.get(address))


def test_who_was_notified_is_named_with_the_channel_and_whether_it_arrived(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    target, _ = targets.add_target(
        by=stage.cast.ada, name="Ops", url="https://example.org/hook", topics=["decide"]
    )
    stage.cast.lee.email = "lee@example.org"
    stage.cast.lee.save()
    moment = timezone.now()
    for cause, state in (("1", "sent"), ("2", "failed")):
        Delivery.objects.create(
            target=target, target_name="Ops", cause=cause, topic="decide", kind="k", title="t",
            text="t", link="/", to=["lee@example.org"], state=state, rollback=pending,
            made_at=moment, due_at=moment, problem="" if state == "sent" else "Refused.",
        )  # fmt: skip
    page = words(signed_in(stage.cast.vic).get(f"/rollbacks/{pending.pk}/"))
    assert "delivered Lee Example by Ops" in page
    assert "not delivered Lee Example by Ops" in page
    assert "lee@example.org" not in page


def test_a_question_waits_on_the_requesters_first_page_until_it_is_answered(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client = signed_in(stage.cast.dana)
    assert "you were asked a question" not in words(client.get("/"))
    question = approvals.ask_question(pending, by=stage.cast.lee, text="Is the dump fresh?")
    page = words(client.get("/"))
    assert "1 rollback waits for you" in page
    assert "you were asked a question about your request" in page
    approvals.answer_question(pending, by=stage.cast.dana, text="Of 03:00", question=question.seq)
    assert "you were asked a question" not in words(client.get("/"))


def test_the_first_page_says_what_awaits_approval_and_what_failed_last(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client = signed_in(stage.cast.vic)
    assert "1 awaiting approval" in words(client.get("/"))
    moment = timezone.now()
    Rollback.objects.update(state="failed", started_at=moment, finished_at=moment)
    assert "Last rollback failed just now" in words(client.get("/"))


def test_pages_that_refuse_or_find_nothing_keep_the_menu_and_say_what_to_do(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.vic)
    for address, status, says in (
        ("/nothing-here/", 404, "Page not found"),
        ("/people/", 403, "Ask an Admin"),
    ):
        response = client.get(address)
        assert response.status_code == status
        page = words(response)
        assert says in page and "Rollbacks Plans Deployments" in page, address
