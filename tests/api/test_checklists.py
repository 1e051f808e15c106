"""Pipelines hand over the documents of a deployment, and programs answer what people answered."""

from __future__ import annotations

from rollback_console.deployments.models import Deployment
from tests import make
from tests.documents.test_checklists import FAMILY
from tests.make import Stage

from .caller import Caller, problem
from .test_deployments import NEW

TEXTS = {name: (FAMILY / f"{name}.md").read_text() for name in ("pre", "plan", "post")}


def test_a_deployment_takes_its_whole_family_at_once(stage: Stage, call: Caller) -> None:
    plan = make.PLAN.replace("echo restoring", "git checkout v1")
    made = call.post("/deployments", {**NEW, "documents": [TEXTS["pre"], plan, TEXTS["post"]]})
    assert made.status_code == 201, made.content
    assert made.json()["plan"]
    lists = call.get(f"/deployments/{made.json()['id']}/checklists").json()["items"]
    assert [(each["kind"], each["asks_for_rollback"]) for each in lists] == [
        ("pre", False),
        ("post", True),
    ]


def test_of_two_documents_that_may_be_the_plan_none_is_guessed(stage: Stage, call: Caller) -> None:
    body = {**NEW, "documents": ["# One\n- a\n", "# Two\n- b\n"]}
    detail = problem(call.post("/deployments", body), 409, "refused")["detail"]
    assert "Two of the documents may be the rollback plan" in detail
    assert not Deployment.objects.exists()


def test_an_item_is_answered_and_signed_by_its_people(stage: Stage, call: Caller) -> None:
    number = call.post("/deployments", NEW).json()["id"]
    added = call.post(f"/deployments/{number}/documents", {"document": TEXTS["pre"]}).json()
    first, last = added["items"][0], added["items"][-1]
    assert (last["role"], [each["username"] for each in last["signers"]]) == (
        "DevOps Lead",
        ["sam"],
    )
    path = f"/deployments/{number}/items/{first['id']}/answers"
    given = call.post(path, {"answer": "done", "seen": 0}).json()
    assert (given["open"], given["items"][0]["answered_by"]["username"]) == (
        added["open"] - 1,
        "dana",
    )
    problem(call.post(path, {"answer": "done", "seen": 0}), 409, "refused")
    problem(call.post(path, {"answer": "maybe", "seen": 1}), 422, "invalid")
    sign = f"/deployments/{number}/items/{last['id']}/answers"
    assert (
        "Sam Example signs this"
        in problem(call.post(sign, {"answer": "signed", "seen": 0}), 409, "refused")["detail"]
    )
    assert call.post(sign, {"answer": "signed", "seen": 0}, who="sam").status_code == 201
    backend = added["items"][-2]["id"]
    named = call.post(f"/deployments/{number}/items/{backend}/signers", {"username": "vic"}).json()
    assert [each["username"] for each in named["items"][-2]["signers"]] == ["vic"]
    problem(
        call.post("/deployments/999/items/1/answers", {"answer": "", "seen": 0}), 404, "not-found"
    )


def test_a_document_that_cannot_be_read_adds_nothing(stage: Stage, call: Caller) -> None:
    number = call.post("/deployments", NEW).json()["id"]
    path = f"/deployments/{number}/documents"
    body = problem(call.post(path, {"document": "# Friday\n- [ ] a\n"}), 409, "refused")
    assert "Choose it, or call it one of" in body["detail"]
    assert call.get(f"/deployments/{number}/checklists").json() == {"items": []}
