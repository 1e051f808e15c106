"""Who decides, questions, loans, break-glass and rules of approval, by token."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from rollback_console.access import tokens
from rollback_console.plans.models import DecisionMaker, Environment
from rollback_console.rollbacks.actions import requests
from rollback_console.rollbacks.models import BreakGlass, Rollback
from tests import make
from tests.make import Stage

from .caller import PREFIX, Caller, problem

REASON = "Payments are down and nobody answers the phone"
FINDING = "Right to do; the rota had a gap on Sunday"
POLICY: dict[str, Any] = {
    "approvals_code": 1,
    "approvals_data": 2,
    "data_role": "DevOps Lead",
    "escalate_after": 5,
    "ladder": [
        {"username": "lee", "role": "Deploy Lead", "rung": 1},
        {"username": "sam", "role": "DevOps Lead", "rung": 2},
        {"username": "vic", "role": "CTO", "rung": 2},
    ],
}


def test_who_could_approve_is_told_for_whoever_would_ask(stage: Stage, call: Caller) -> None:
    reply = call.get("/environments/staging/deciders", asks="lee").json()
    assert reply["missing"] == ""
    assert [(each["name"], each["asked"], bool(each["why_not"])) for each in reply["deciders"]] == [
        ("Lee Example", False, True),
        ("Sam Example", True, False),
    ]
    Environment.objects.update(approvals_data=2)
    reply = call.get("/environments/staging/deciders", asks="lee", risk="data").json()
    assert "1 decision maker could approve" in reply["missing"]
    problem(call.get("/environments/staging/deciders", asks="nobody"), 404, "not-found")


def test_who_can_and_who_cannot_is_told_of_a_request(stage: Stage, call: Caller) -> None:
    revision = make.plan(stage)
    row = requests.open_request(revision, by=stage.cast.lee, reason="x", choices={})
    reply = call.get(f"/rollbacks/{row.pk}/deciders").json()
    assert [(each["name"], each["why_not"]) for each in reply["deciders"]] == [
        ("Sam Example", ""),
        ("Lee Example", "is the requester, or wrote what is new in the plan"),
    ]


def test_rules_and_ladder_are_replaced_together(stage: Stage, call: Caller) -> None:
    made = call.post("/environments/staging/policies", POLICY, who="ada").json()
    assert [(each["name"], each["rung"]) for each in made["ladder"]] == [
        ("Lee Example", 1),
        ("Sam Example", 2),
        ("Vic Example", 2),
    ]
    place = Environment.objects.get()
    assert (place.data_role, place.escalate_after) == ("DevOps Lead", 5)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"approvals_data": 4}, "This needs 4 approvals, but 3 decision makers"),
        ({"data_role": "CEO"}, "must come from a CEO"),
        ({"approvals_code": 3, "approvals_data": 2}, "at least as many approvals"),
        ({"ladder": [POLICY["ladder"][0]] * 2, "data_role": ""}, "twice"),
    ],
)
def test_rules_nobody_could_meet_are_refused_and_nothing_is_saved(
    stage: Stage, call: Caller, change: dict[str, Any], says: str
) -> None:
    answer = call.post("/environments/staging/policies", {**POLICY, **change}, who="ada")
    assert says in problem(answer, 409, "refused")["detail"]
    place = Environment.objects.get()
    assert (place.approvals_code, place.approvals_data, place.data_role) == (1, 1, "")
    assert DecisionMaker.objects.count() == 2


def test_only_an_admin_changes_the_rules(stage: Stage, call: Caller) -> None:
    answer = call.post("/environments/staging/policies", POLICY, who="lee")
    problem(answer, 403, "forbidden")


def test_a_right_is_lent_used_and_ended(stage: Stage, call: Caller) -> None:
    where = "/environments/staging/delegations"
    lent = call.post(where, {"to": "vic", "hours": 8, "reason": "Away"}, who="lee").json()
    assert (lent["giver"]["username"], lent["to"]["username"]) == ("lee", "vic")
    again = call.post(where, {"to": "dana", "hours": 8}, who="vic")
    assert "cannot pass it on" in problem(again, 409, "refused")["detail"]
    row = make.requested(stage)
    seen = {"snapshot_sha256": row.snapshot_sha256}
    given = call.post(f"/rollbacks/{row.pk}/approvals", seen, who="vic").json()
    assert (given["by"]["username"], given["on_behalf_of"]["username"]) == ("vic", "lee")
    where = f"/delegations/{lent['id']}/revocations"
    problem(call.post(where, who="dana"), 409, "refused")
    assert call.post(where, who="vic").json()["revoked_by"]["username"] == "vic"


def test_who_borrowed_a_right_does_not_approve_their_own_request_by_token(
    stage: Stage, call: Caller
) -> None:
    call.post("/environments/staging/delegations", {"to": "dana", "hours": 8}, who="lee")
    row = make.requested(stage)
    answer = call.post(
        f"/rollbacks/{row.pk}/approvals", {"snapshot_sha256": row.snapshot_sha256}, who="dana"
    )
    assert "someone else" in problem(answer, 409, "refused")["detail"]


def test_a_question_is_put_and_answered(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    question = call.post(
        f"/rollbacks/{row.pk}/questions", {"text": "Which dump?"}, who="lee"
    ).json()
    assert question["kind"] == "approval.asked"
    where = f"/rollbacks/{row.pk}/questions/{question['seq']}/answers"
    reply = call.post(where, {"text": "Of 03:00"}).json()
    assert (reply["kind"], reply["facts"]["question"]) == ("approval.answered", question["seq"])
    problem(call.post(f"/rollbacks/{row.pk}/questions/1/answers", {"text": "x"}), 409, "refused")


def test_a_nudge_is_not_repeated_at_once(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    reply = call.post(f"/rollbacks/{row.pk}/nudges").json()
    assert [each["name"] for each in reply["facts"]["to"]] == ["Lee Example"]
    problem(call.post(f"/rollbacks/{row.pk}/nudges", who="sam"), 409, "refused")


def glass(stage: Stage, row: Rollback) -> dict[str, str]:
    make.may_break_glass(stage.cast.dana)
    return {"snapshot_sha256": row.snapshot_sha256, "reason": REASON}


def test_every_scope_but_its_own_breaks_no_glass(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    others = tuple(each for each in tokens.SCOPES if each != "break_glass")
    response = call.client.post(
        f"{PREFIX}/rollbacks/{row.pk}/break-glass",
        glass(stage, row),
        content_type="application/json",
        headers={"Authorization": f"Bearer {call.token('dana', others)}"},
    )
    problem(response, 403, "forbidden")
    assert not BreakGlass.objects.exists()


def test_the_scope_without_the_right_breaks_no_glass(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    body = glass(stage, row)
    answer = call.post(f"/rollbacks/{row.pk}/break-glass", body, who="lee")
    assert "may not use emergency start" in problem(answer, 409, "refused")["detail"]
    short = call.post(f"/rollbacks/{row.pk}/break-glass", {**body, "reason": "Now"})
    problem(short, 422, "invalid")
    assert not BreakGlass.objects.exists()


def test_glass_is_broken_by_right_and_scope_and_reviewed_by_somebody_else(
    stage: Stage, call: Caller
) -> None:
    row = make.requested(stage)
    used = call.post(f"/rollbacks/{row.pk}/break-glass", glass(stage, row)).json()
    assert (used["by"]["username"], used["reviewed_at"]) == ("dana", None)
    Rollback.objects.update(state="succeeded", finished_at=timezone.now())
    where = f"/rollbacks/{row.pk}/break-glass/reviews"
    problem(call.post(where, {"finding": FINDING}), 409, "refused")
    assert call.post(where, {"finding": FINDING}, who="sam").json()["finding"] == FINDING
    assert call.get(f"/rollbacks/{row.pk}").json()["break_glass"]["reviewed_by"]["name"] == (
        "Sam Example"
    )
