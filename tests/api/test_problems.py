"""Whatever goes wrong is answered as a problem with a sentence, never with a stack trace."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from rollback_console.api.errors.problems import KINDS
from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.errors import MovedOn
from tests import make
from tests.make import Stage

from .caller import PREFIX, Caller, problem


def test_every_field_that_does_not_fit_is_pointed_at(call: Caller) -> None:
    body = problem(
        call.post("/rollbacks", {"plan": "", "choices": {"conditions": {"x": "maybe"}}}),
        422,
        "invalid",
    )
    assert {each["pointer"] for each in body["errors"]} == {
        "#/body/plan",
        "#/body/reason",
        "#/body/choices/conditions/x",
    }
    assert body["instance"] == "/api/v1/rollbacks"
    assert "(2 more in `errors`)" in body["detail"]


def test_a_field_that_does_not_exist_is_refused(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    body = problem(
        call.post(f"/rollbacks/{row.pk}/notes", {"text": "Seen", "txet": "x"}), 422, "invalid"
    )
    assert body["errors"][0]["pointer"] == "#/body/txet"


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"cursor": "%"}])
@pytest.mark.parametrize("path", ["/rollbacks", "/plans"])
def test_a_page_that_does_not_exist_is_refused(
    call: Caller, path: str, query: dict[str, Any]
) -> None:
    body = problem(call.get(path, **query), 422, "invalid")
    assert body["errors"][0]["pointer"] == f"#/query/{next(iter(query))}"


@pytest.mark.parametrize("cursor", ["eA==", "LTE=", "4pml", "MTExMTExMTExMTExMTExMTExMTEx", "é"])
def test_a_cursor_that_was_not_made_here_is_refused(call: Caller, cursor: str) -> None:
    problem(call.get("/rollbacks", cursor=cursor), 422, "invalid")


@pytest.mark.parametrize("text", ["{", "nonsense", b"\xff\xfe{}", "[" * 100_000])
def test_a_body_that_is_no_json_is_refused(stage: Stage, call: Caller, text: Any) -> None:
    row = make.requested(stage)
    problem(call.post(f"/rollbacks/{row.pk}/notes", text), 400, "malformed")


def test_a_body_that_is_missing_is_missed(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    problem(call.post(f"/rollbacks/{row.pk}/notes", b""), 422, "invalid")


@pytest.mark.parametrize("value", [[], "text", 7, None, True])
def test_a_body_that_is_no_object_is_refused(stage: Stage, call: Caller, value: Any) -> None:
    row = make.requested(stage)
    response = call.post(f"/rollbacks/{row.pk}/notes", json.dumps(value))
    problem(response, 422, "invalid")


@pytest.mark.parametrize(
    "text", ['{"text": "\\ud800"}', '{"text": 1e999}', '{"text": NaN}', '{"\\ud800": "x"}']
)
def test_json_that_is_no_text_is_refused(stage: Stage, call: Caller, text: str) -> None:
    row = make.requested(stage)
    problem(call.post(f"/rollbacks/{row.pk}/notes", text), 422, "invalid")
    assert row.events.count() == 1


def test_a_request_that_is_too_large_is_refused(stage: Stage, call: Caller) -> None:
    response = call.post("/plans", {"document": "x" * 1_100_000})
    assert "1 MiB" in problem(response, 413, "too-large")["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/nothing",
        "/rollbacks/x",
        "/rollbacks/-1",
        f"/rollbacks/{'9' * 40}",
        f"/rollbacks/{'9' * 5000}",
        "/rollbacks/1/",
        "/rollbacks/1/nothing",
        "/plans/%00",
        "/docs",
    ],
)
def test_an_address_that_names_nothing_is_a_problem_too(call: Caller, path: str) -> None:
    if path == "":
        path = "/"
    problem(call.get(path), 404, "not-found")


def test_what_is_not_there_is_named(call: Caller) -> None:
    assert problem(call.get("/rollbacks/7"), 404, "not-found")["detail"] == (
        "There is no rollback 7."
    )
    assert "no plan some-plan" in problem(call.get("/plans/some-plan"), 404, "not-found")["detail"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_another_method_is_told_which_there_are(call: Caller, method: str) -> None:
    response = Client().generic(method, f"{PREFIX}/rollbacks", headers=call.headers("dana"))
    problem(response, 405, "method-not-allowed")
    assert set(response.headers["Allow"].split(", ")) == {"GET", "POST"}


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (MovedOn("Rollback 1 is no longer requested."), 409, "refused"),
        (OperationalError(1205, "Lock wait timeout exceeded"), 503, "unavailable"),
        (InterfaceError("closed"), 503, "unavailable"),
        (ZeroDivisionError("secret detail"), 500, "internal"),
    ],
)
def test_what_breaks_inside_shows_no_inside(
    stage: Stage,
    call: Caller,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    kind: str,
) -> None:
    def breaks(*_: Any, **__: Any) -> None:
        raise error

    row = make.requested(stage)
    monkeypatch.setattr(steering, "note", breaks)
    response = call.post(f"/rollbacks/{row.pk}/notes", {"text": "Seen"})
    body = problem(response, status, kind)
    if kind != "refused":
        assert str(error.args[-1]) not in response.content.decode()
    assert ("incident" in body) == (status == 500)


def test_an_incident_is_found_in_the_log(
    stage: Stage,
    call: Caller,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def breaks(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret detail")

    row = make.requested(stage)
    monkeypatch.setattr(steering, "note", breaks)
    body = problem(call.post(f"/rollbacks/{row.pk}/notes", {"text": "x"}), 500, "internal")
    assert body["incident"] in caplog.text
    assert "secret detail" in caplog.text


@pytest.mark.parametrize("kind", KINDS)
def test_the_type_of_a_problem_leads_to_what_it_means(db: None, kind: str) -> None:
    shown = Client().get(f"{PREFIX}/problems/{kind}").json()
    assert (shown["status"], shown["title"]) == KINDS[kind]


def test_a_problem_nobody_knows_is_not_found(db: None) -> None:
    problem(Client().get(f"{PREFIX}/problems/boredom"), 404, "not-found")
