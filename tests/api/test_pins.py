"""A pipeline asks before it deploys, and is told no with the reason."""

from __future__ import annotations

import pytest

from rollback_console.rollbacks.models import Pin
from tests import make
from tests.make import Stage

from .caller import Caller, problem

COMMIT = "4f2a91bc77d0c1e2a3b4c5d6e7f8091a2b3c4d5e"


def test_a_version_nobody_pinned_may_be_deployed(stage: Stage, call: Caller) -> None:
    answer = call.get("/services/checkout/deployable", version=COMMIT)
    assert answer.json() == {"deployable": True, "obstacles": [], "pins": []}


def test_a_pinned_version_may_not(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    made = call.post(
        "/services/checkout/pins",
        {"version": COMMIT, "reason": "Loses carts", "rollback": row.pk},
    )
    assert made.status_code == 201
    assert made.json()["by"]["username"] == "dana"
    answer = call.get("/services/checkout/deployable", version=COMMIT).json()
    assert answer["deployable"] is False
    assert answer["pins"] == [made.json()]
    assert answer["pins"][0]["reason"] == "Loses carts"
    assert row.events.get(kind="version.pinned").facts["version"] == COMMIT


@pytest.mark.parametrize("version", [COMMIT[:7], COMMIT[:12].upper(), COMMIT])
def test_an_abbreviation_of_a_pinned_commit_may_not(
    stage: Stage, call: Caller, version: str
) -> None:
    call.post("/services/checkout/pins", {"version": COMMIT, "reason": "Loses carts"})
    answer = call.get("/services/checkout/deployable", version=version).json()
    assert answer["deployable"] is False


def test_a_pin_holds_for_its_service_only(stage: Stage, call: Caller) -> None:
    call.post("/services/checkout/pins", {"version": "v2", "reason": "Loses carts"})
    problem(call.get("/services/basket/deployable", version="v2"), 404, "not-found")
    assert call.get("/services/checkout/deployable", version="v3").json()["deployable"] is True


def test_a_lifted_pin_forbids_nothing(stage: Stage, call: Caller) -> None:
    made = call.post("/services/checkout/pins", {"version": "v2", "reason": "Loses carts"}).json()
    lifted = call.post(f"/pins/{made['id']}/lifts", {"reason": "Fixed"}).json()
    assert lifted["lifted_at"] is not None
    assert call.get("/services/checkout/deployable", version="v2").json()["deployable"] is True
    problem(call.post(f"/pins/{made['id']}/lifts", {"reason": "Twice"}), 409, "refused")
    problem(call.post("/pins/999/lifts", {"reason": "No such pin"}), 404, "not-found")


def test_a_viewer_neither_pins_nor_lifts(stage: Stage, call: Caller) -> None:
    body = {"version": "v2", "reason": "Loses carts"}
    problem(call.post("/services/checkout/pins", body, who="vic"), 409, "refused")
    made = call.post("/services/checkout/pins", body).json()
    why = {"reason": "I may not"}
    problem(call.post(f"/pins/{made['id']}/lifts", why, who="vic"), 409, "refused")
    assert Pin.objects.get().lifted_at is None


def test_a_pin_of_a_rollback_that_does_not_exist_is_not_made(stage: Stage, call: Caller) -> None:
    body = {"version": "v2", "reason": "Loses carts", "rollback": 999}
    problem(call.post("/services/checkout/pins", body), 404, "not-found")
    assert not Pin.objects.exists()


def test_the_question_names_a_version(stage: Stage, call: Caller) -> None:
    problem(call.get("/services/checkout/deployable"), 422, "invalid")
    problem(call.get("/services/checkout/deployable", version=""), 422, "invalid")
