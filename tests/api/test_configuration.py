"""The record of the configuration, through the API."""

from __future__ import annotations

import pytest

from rollback_console.plans.actions.hosts import change_host
from tests.make import Stage

from .caller import Caller, problem

pytestmark = pytest.mark.django_db


def test_events_come_in_pages_newest_first_and_narrowed(stage: Stage, call: Caller) -> None:
    for port in (2201, 2202, 2203):
        change_host(stage.host, by=stage.cast.ada, port=port)
    first = call.get("/configuration/events?kind=host.changed&limit=2", who="ada").json()
    assert [each["changes"]["port"][1] for each in first["items"]] == [2203, 2202]
    address = f"/configuration/events?kind=host.changed&limit=2&cursor={first['next']}"
    second = call.get(address, who="ada").json()
    assert [each["changes"]["port"] for each in second["items"]] == [[22, 2201]]
    assert second["next"] is None


def test_a_change_by_token_names_the_token_as_its_door(stage: Stage, call: Caller) -> None:
    policy = {
        "approvals_data": 1,
        "ladder": [
            {"username": "lee", "role": "Deploy Lead", "rung": 1},
            {"username": "sam", "role": "CTO", "rung": 2},
        ],
    }
    assert call.post("/environments/staging/policies", policy, who="ada").status_code == 201
    page = call.get("/configuration/events?kind=ladder.replaced", who="ada").json()
    (event,) = page["items"]
    assert event["door"].startswith("API token ")
    assert (event["by"], event["text"]) == ("ada", "ada replaced the decision makers of STAGING.")


def test_rules_changed_meanwhile_are_not_replaced_unseen(stage: Stage, call: Caller) -> None:
    policy = {
        "approvals_data": 1,
        "ladder": [
            {"username": "lee", "role": "Deploy Lead", "rung": 1},
            {"username": "sam", "role": "CTO", "rung": 2},
        ],
    }
    version = call.post("/environments/staging/policies", policy, who="ada").json()["version"]
    again = {**policy, "request_expires": 90, "version": version}
    assert call.post("/environments/staging/policies", again, who="ada").status_code == 201
    answer = call.post("/environments/staging/policies", again, who="ada")
    assert "request expires was 60 and is 90" in problem(answer, 409, "changed")["detail"]


def test_who_may_not_read_the_record_is_refused(stage: Stage, call: Caller) -> None:
    problem(call.get("/configuration/events", who="vic"), 403, "forbidden")
