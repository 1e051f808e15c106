"""A POST with a key has one effect, however often and however fast it is sent."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from rollback_console.access.actions.tokens import create_token
from rollback_console.access.scope_limits import ScopeLimit
from rollback_console.api import idempotency
from rollback_console.api.models import IdempotentReply
from rollback_console.plans.models import HostKey
from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.models import Event, Rollback
from tests import make
from tests.make import Stage

from .caller import PREFIX, Caller, problem

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response


def arguments(stage: Stage) -> dict[str, Any]:
    return {"plan": make.plan(stage).plan.slug, "reason": "Health page answers 500"}


def test_the_same_request_again_is_answered_the_same_and_does_nothing(
    stage: Stage, call: Caller
) -> None:
    body = arguments(stage)
    first = call.post("/rollbacks", body, Idempotency_Key="k1")
    again = call.post("/rollbacks", body, Idempotency_Key="k1")
    assert first.status_code == again.status_code == 201
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert Rollback.objects.count() == 1


def test_a_kept_answer_is_what_would_be_answered_without_a_key(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    plain = call.post(f"/rollbacks/{row.pk}/notes", {"text": "Seen"})
    kept = call.post(f"/rollbacks/{row.pk}/notes", {"text": "Seen"}, Idempotency_Key="k1")
    assert kept.json() == {**plain.json(), "last_seq": 3}
    assert kept.headers["Content-Type"].split(";")[0] == "application/json"


def test_without_a_key_every_request_counts(stage: Stage, call: Caller) -> None:
    body = arguments(stage)
    call.post("/rollbacks", body)
    call.post("/rollbacks", body)
    assert Rollback.objects.count() == 2


def test_a_key_belongs_to_one_body(stage: Stage, call: Caller) -> None:
    body = arguments(stage)
    call.post("/rollbacks", body, Idempotency_Key="k1")
    other = call.post("/rollbacks", {**body, "reason": "Another"}, Idempotency_Key="k1")
    problem(other, 422, "key-reused")
    assert Rollback.objects.count() == 1


def test_a_key_belongs_to_one_person_and_one_address(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    body = {"text": "Seen"}
    for who in ("dana", "lee"):
        call.post(f"/rollbacks/{row.pk}/notes", body, who=who, Idempotency_Key="k1")
    call.post(f"/rollbacks/{row.pk}/messages", body, Idempotency_Key="k1")
    kinds = list(row.events.values_list("kind", flat=True))[1:]
    assert kinds == ["note.added", "note.added", "message.sent"]


def test_a_refusal_is_not_kept_so_that_it_can_be_put_right(stage: Stage, call: Caller) -> None:
    body = arguments(stage)
    key = HostKey.objects.get()
    HostKey.objects.update(confirmed_at=None)
    problem(call.post("/rollbacks", body, Idempotency_Key="k1"), 422, "not-ready")
    assert not IdempotentReply.objects.exists()
    HostKey.objects.update(confirmed_at=key.confirmed_at)
    assert call.post("/rollbacks", body, Idempotency_Key="k1").status_code == 201


def test_a_narrow_token_is_not_shown_what_a_wider_one_was_answered(
    stage: Stage, call: Caller
) -> None:
    body = arguments(stage)
    call.post("/rollbacks", body, Idempotency_Key="k1")
    narrow = {"Authorization": f"Bearer {call.token('dana', ('read',))}", "Idempotency-Key": "k1"}
    response = Client().post(
        f"{PREFIX}/rollbacks", body, content_type="application/json", headers=narrow
    )
    problem(response, 403, "forbidden")


def test_a_limited_token_is_not_shown_what_a_wider_one_was_answered(
    stage: Stage, call: Caller
) -> None:
    body = arguments(stage)
    call.post("/rollbacks", body, Idempotency_Key="k1")
    elsewhere = ScopeLimit.of(["elsewhere"], [])
    _, secret = create_token(
        stage.cast.dana,
        by=stage.cast.dana,
        name="limited",
        scopes=["request"],
        days=1,
        limit=elsewhere,
    )
    headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "k1"}
    response = Client().post(
        f"{PREFIX}/rollbacks", body, content_type="application/json", headers=headers
    )
    problem(response, 422, "key-reused")
    assert "rollback" not in response.json()
    assert Rollback.objects.count() == 1


def test_after_a_day_a_key_is_free_again(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    call.post(f"/rollbacks/{row.pk}/notes", {"text": "Seen"}, Idempotency_Key="k1")
    IdempotentReply.objects.update(claimed_at=timezone.now() - timedelta(hours=24, seconds=1))
    again = call.post(f"/rollbacks/{row.pk}/notes", {"text": "Seen"}, Idempotency_Key="k1")
    assert "Idempotency-Replayed" not in again.headers
    assert row.events.filter(kind="note.added").count() == 2


@pytest.mark.parametrize("key", ["", "x" * 201, "a\x07b"])
def test_a_key_that_is_none_is_refused(stage: Stage, call: Caller, key: str) -> None:
    row = make.requested(stage)
    response = call.post(f"/rollbacks/{row.pk}/notes", {"text": "Seen"}, Idempotency_Key=key)
    problem(response, 400, "malformed")
    assert row.events.count() == 1


def test_an_address_too_long_to_keep_names_nothing(stage: Stage, call: Caller) -> None:
    address = f"/services/{'x' * 300}/pins"
    body = {"version": "v2", "reason": "Loses carts"}
    problem(call.post(address, body, Idempotency_Key="k1"), 404, "not-found")


def test_a_key_on_a_get_means_nothing(stage: Stage, call: Caller) -> None:
    headers = {**call.headers("vic"), "Idempotency-Key": "k1"}
    assert Client().get(f"{PREFIX}/plans", headers=headers).status_code == 200
    assert not IdempotentReply.objects.exists()


def claimed(stage: Stage, call: Caller, row: Rollback, *, ago: timedelta) -> None:
    """As if another process had taken the key `ago` and not answered yet."""
    address = f"/rollbacks/{row.pk}/notes"
    call.post(address, {"text": "Seen"}, Idempotency_Key="k1")
    Event.objects.filter(kind="note.added").delete()
    first = row.events.get()
    Rollback.objects.update(last_seq=first.seq, last_hash=first.sha256)
    IdempotentReply.objects.update(
        status=None, body="", claim=uuid.uuid4(), claimed_at=timezone.now() - ago
    )


def test_a_claim_that_is_being_carried_out_is_waited_for(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    claimed(stage, call, row, ago=timedelta(seconds=1))
    response = call.post(f"/rollbacks/{row.pk}/notes", {"text": "Seen"}, Idempotency_Key="k1")
    problem(response, 409, "in-progress")
    assert response.headers["Retry-After"] == "1"
    assert row.events.count() == 1


def test_a_claim_whose_process_died_is_taken_over(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    claimed(stage, call, row, ago=idempotency.PATIENCE + timedelta(seconds=1))
    response = call.post(f"/rollbacks/{row.pk}/notes", {"text": "Seen"}, Idempotency_Key="k1")
    assert response.status_code == 201
    assert row.events.filter(kind="note.added").count() == 1


def in_thread(post: Callable[[], Response], answers: list[Response]) -> threading.Thread:
    def work() -> None:
        try:
            answers.append(post())
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_many_at_once_have_one_effect(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    call.token("dana")
    answers: list[Response] = []

    def post() -> Response:
        return call.post(f"/rollbacks/{row.pk}/notes", {"text": "Seen"}, Idempotency_Key="k1")

    threads = [in_thread(post, answers) for _ in range(6)]
    for thread in threads:
        thread.join(60)
    assert sorted({answer.status_code for answer in answers}) in [[201], [201, 409]]
    assert row.events.filter(kind="note.added").count() == 1
    assert post().headers["Idempotency-Replayed"] == "true"


@pytest.mark.django_db(transaction=True)
def test_a_service_that_broke_half_way_leaves_nothing_and_frees_the_key(
    stage: Stage, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = make.requested(stage)
    note = steering.note

    def breaks(rollback: Rollback, **arguments: Any) -> Rollback:
        note(rollback, **arguments)
        raise OperationalError("the server has gone away")

    monkeypatch.setattr(steering, "note", breaks)
    address, body = f"/rollbacks/{row.pk}/notes", {"text": "Seen"}
    response = call.post(address, body, Idempotency_Key="k1")
    problem(response, 503, "unavailable")
    assert row.events.count() == 1
    assert not IdempotentReply.objects.exists()
    monkeypatch.undo()
    assert call.post(address, body, Idempotency_Key="k1").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_who_was_overtaken_undoes_its_own_effect(
    stage: Stage, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = make.requested(stage)
    note = steering.note

    def overtaken(rollback: Rollback, **arguments: Any) -> Rollback:
        IdempotentReply.objects.update(claim=uuid.uuid4())
        return note(rollback, **arguments)

    monkeypatch.setattr(steering, "note", overtaken)
    response = call.post(f"/rollbacks/{row.pk}/notes", {"text": "Seen"}, Idempotency_Key="k1")
    problem(response, 409, "in-progress")
    assert row.events.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one writer in at a time")
def test_a_duplicate_that_comes_meanwhile_is_told_to_wait(
    stage: Stage, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = make.requested(stage)
    note = steering.note
    call.token("dana")
    entered, go = threading.Event(), threading.Event()

    def slow(rollback: Rollback, **arguments: Any) -> Rollback:
        entered.set()
        assert go.wait(20)
        return note(rollback, **arguments)

    def post() -> Response:
        return call.post(f"/rollbacks/{row.pk}/notes", {"text": "Seen"}, Idempotency_Key="k1")

    monkeypatch.setattr(steering, "note", slow)
    answers: list[Response] = []
    thread = in_thread(post, answers)
    try:
        assert entered.wait(20)
        problem(post(), 409, "in-progress")
    finally:
        go.set()
        thread.join(20)
    assert answers[0].status_code == 201
    assert post().headers["Idempotency-Replayed"] == "true"
    assert row.events.filter(kind="note.added").count() == 1
