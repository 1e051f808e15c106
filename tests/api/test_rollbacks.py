"""A program asks for a rollback, reads it, and follows it."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollback_console.plans.actions import plans
from rollback_console.plans.models import Environment, HostKey
from rollback_console.rollbacks.actions import requests
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.make import Stage

from .caller import Caller, problem


def ask(stage: Stage, **more: Any) -> dict[str, Any]:
    return {"plan": make.plan(stage).plan.slug, "reason": "Health page answers 500", **more}


def test_a_request_freezes_what_would_run_and_shows_it(stage: Stage, call: Caller) -> None:
    response = call.post("/rollbacks", ask(stage, trigger="Alert 12"))
    assert response.status_code == 201
    made = response.json()
    row = Rollback.objects.get(pk=made["number"])
    assert made["state"] == "requested"
    assert made["snapshot_sha256"] == row.snapshot_sha256
    assert made["snapshot"]["steps"][0]["script"].endswith("echo stopping\n")
    assert made["trigger"] == "Alert 12"
    assert made["requested_by"] == {"username": "dana", "name": "Dana Example"}
    assert [check["answer"] for check in made["checks"]] == [None, None]


def test_a_named_revision_is_the_one_that_is_frozen(stage: Stage, call: Caller) -> None:
    old = make.plan(stage)
    text = make.canonical(make.PLAN.replace("stopping", "halting")).encode()
    new = make.confirmed(plans.revise(old.plan, text, by=stage.cast.ada), stage.cast.ada)
    body = {"plan": old.plan.slug, "reason": "Health page answers 500"}
    assert call.post("/rollbacks", {**body, "revision": old.number}).json()["revision"] == 2
    newest = call.post("/rollbacks", body).json()
    assert newest["revision"] == new.number == 3
    assert newest["snapshot"]["steps"][0]["script"].endswith("echo halting\n")


def test_what_nobody_confirmed_is_refused_with_the_page_that_confirms(
    stage: Stage, call: Caller
) -> None:
    plan = make.plan(stage).plan
    plans.revise(plan, make.PLAN.replace("stopping", "halting").encode(), by=stage.cast.ada)
    body = {"plan": plan.slug, "reason": "Health page answers 500"}
    refusal = problem(call.post("/rollbacks", body), 422, "not-confirmed")
    assert refusal["confirm_at"].endswith(f"/plans/{plan.slug}/arrangement/")
    assert not Rollback.objects.exists()


def test_what_is_missing_is_listed(stage: Stage, call: Caller) -> None:
    HostKey.objects.all().delete()
    body = problem(call.post("/rollbacks", ask(stage)), 422, "not-ready")
    assert body["problems"] == [
        "Nobody has confirmed a host key of app-1: confirm its fingerprint first."
    ]
    assert not Rollback.objects.exists()


def test_a_person_without_the_right_is_refused_whatever_their_token_says(
    stage: Stage, call: Caller
) -> None:
    body = problem(call.post("/rollbacks", ask(stage), who="vic"), 409, "refused")
    assert "may not request a rollback" in body["detail"]


def test_a_rollback_shows_who_decided_and_what_ran(stage: Stage, call: Caller) -> None:
    row = make.approved(stage)
    shown = call.get(f"/rollbacks/{row.pk}").json()
    assert shown["state"] == "approved"
    assert shown["approvals"][0]["by"]["username"] == "lee"
    assert shown["approvals"][0]["given"] is True
    assert shown["requested_at"].endswith("+00:00")


def test_rollbacks_come_newest_first_in_pages(stage: Stage, call: Caller) -> None:
    revision = make.plan(stage)
    rows = [
        requests.open_request(revision, by=stage.cast.dana, reason=f"Reason {n}", choices={})
        for n in range(5)
    ]
    seen: list[int] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        page = call.get("/rollbacks", limit=2, cursor=cursor).json()
        seen += [each["number"] for each in page["items"]]
        cursor, pages = page["next"], pages + 1
    assert seen == [row.pk for row in reversed(rows)]
    assert pages == 3


def test_a_last_page_that_is_full_has_no_next(stage: Stage, call: Caller) -> None:
    make.requested(stage)
    assert call.get("/rollbacks", limit=1).json()["next"] is None


def test_rollbacks_are_narrowed_by_state_place_service_and_plan(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    requests.withdraw(row, by=stage.cast.dana)
    for name, value in {
        "state": "withdrawn",
        "environment": "staging",
        "service": "checkout",
        "plan": row.revision.plan.slug,
    }.items():
        assert len(call.get("/rollbacks", **{name: value}).json()["items"]) == 1
        assert call.get("/rollbacks", **{name: "other"}).json()["items"] == []


def test_a_list_asks_the_database_the_same_however_long_it_is(stage: Stage, call: Caller) -> None:
    revision = make.plan(stage)
    call.get("/rollbacks")  # from then on the token was seen just now
    counted = []
    for more in (1, 8):
        for n in range(more):
            requests.open_request(revision, by=stage.cast.dana, reason=f"Reason {n}", choices={})
        with CaptureQueriesContext(connection) as queries:
            call.get("/rollbacks")
        counted.append(len(queries))
    assert len(call.get("/rollbacks").json()["items"]) == 9
    assert counted[0] == counted[1] <= 10


def test_events_follow_the_one_you_know(stage: Stage, call: Caller) -> None:
    row = make.approved(stage)
    address = f"/rollbacks/{row.pk}/events"
    everything = call.get(address).json()
    assert [event["seq"] for event in everything["items"]] == [1, 2, 3]
    assert everything["last_seq"] == 3
    assert everything["next"] is None
    assert everything["items"][1]["kind"] == "approval.given"
    assert everything["items"][1]["previous"] == everything["items"][0]["sha256"]
    first = call.get(address, after=1, limit=1).json()
    assert [event["seq"] for event in first["items"]] == [2]
    assert first["next"] == 2
    assert call.get(address, after=3).json()["items"] == []


def test_other_environments_are_listed_too(stage: Stage, call: Caller) -> None:
    Environment.objects.create(slug="other", name="Other")
    make.requested(stage)
    assert call.get("/rollbacks", environment="other").json() == {"items": [], "next": None}
