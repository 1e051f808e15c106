"""Proposals over the API."""

from __future__ import annotations

import pytest

from rollback_console.proposals.models import Proposal
from tests import make
from tests.make import Stage
from tests.proposals.conftest import alert, group, sender

from .caller import Caller, problem


@pytest.fixture
def proposed(stage: Stage) -> Proposal:
    make.plan(stage)
    sender(stage, "alertmanager").send(group(alert()))
    return Proposal.objects.get()


def test_what_is_open_is_listed_and_read(call: Caller, proposed: Proposal) -> None:
    (item,) = call.get("/proposals?state=open", who="vic").json()["items"]
    assert item == call.get(f"/proposals/{proposed.pk}", who="vic").json()
    assert (item["source"], item["environment"]) == ("The alertmanager", "staging")
    assert call.get("/proposals?state=dismissed", who="vic").json()["items"] == []


def test_a_request_is_made_of_it_with_its_trigger(call: Caller, proposed: Proposal) -> None:
    assert proposed.plan
    body = {"plan": proposed.plan.slug, "reason": "It burns"}
    made = call.post(f"/proposals/{proposed.pk}/requests", body, who="dana")
    assert made.status_code == 201
    assert (made.json()["state"], made.json()["trigger"]) == ("requested", proposed.trigger)
    again = call.post(f"/proposals/{proposed.pk}/requests", body, who="dana")
    assert "already" in problem(again, 409, "refused")["detail"]


def test_it_is_dismissed_with_a_reason(call: Caller, proposed: Proposal) -> None:
    done = call.post(f"/proposals/{proposed.pk}/dismissals", {"reason": "A drill"}, who="dana")
    assert done.status_code == 201
    assert done.json()["decided_by"]["username"] == "dana"
    problem(call.get("/proposals/999", who="vic"), 404, "not-found")
