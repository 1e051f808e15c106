"""Approving and rejecting by token follows the rules that hold on the page."""

from __future__ import annotations

from typing import Any

import pytest

from rollback_console.plans.models import DecisionMaker, Host
from rollback_console.rollbacks.actions import requests
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.make import Stage

from .caller import Caller, problem


def seen(row: Rollback, **more: Any) -> dict[str, Any]:
    return {"snapshot_sha256": row.snapshot_sha256, **more}


def state(row: Rollback) -> str:
    row.refresh_from_db()
    return row.state


def test_a_decision_maker_approves_exactly_what_they_read(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    response = call.post(f"/rollbacks/{row.pk}/approvals", seen(row, note="Go"), who="lee")
    assert response.status_code == 201
    given = response.json()
    assert given["by"]["username"] == "lee"
    assert given["role"] == "Deploy Lead"
    assert given["given"] is True
    assert given["note"] == "Go"
    assert state(row) == "approved"


def test_nobody_approves_their_own_request_by_token(stage: Stage, call: Caller) -> None:
    revision = make.plan(stage)
    row = requests.open_request(revision, by=stage.cast.lee, reason="x", choices={})
    response = call.post(f"/rollbacks/{row.pk}/approvals", seen(row), who="lee")
    body = problem(response, 409, "refused")
    assert "someone else must approve" in body["detail"]
    assert state(row) == "requested"
    assert row.events.latest("seq").kind == "approval.refused"


def test_who_asked_by_token_cannot_approve_by_another_token(stage: Stage, call: Caller) -> None:
    made = call.post("/rollbacks", {"plan": make.plan(stage).plan.slug, "reason": "x"}, who="lee")
    row = Rollback.objects.get(pk=made.json()["number"])
    other = call.token("lee", ("approve",))
    response = call.client.post(
        f"/api/v1/rollbacks/{row.pk}/approvals",
        seen(row),
        content_type="application/json",
        headers={"Authorization": f"Bearer {other}"},
    )
    problem(response, 409, "refused")
    assert state(row) == "requested"


def test_the_refusal_stays_on_record_with_a_key_as_well(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    response = call.post(
        f"/rollbacks/{row.pk}/approvals", seen(row), who="dana", Idempotency_Key="k1"
    )
    problem(response, 409, "refused")
    assert [event.kind for event in row.events.all()][-1] == "approval.refused"


@pytest.mark.parametrize("who", ["dana", "vic", "ada"])
def test_others_may_not_approve_whatever_their_scopes(stage: Stage, call: Caller, who: str) -> None:
    row = make.requested(stage)
    problem(call.post(f"/rollbacks/{row.pk}/approvals", seen(row), who=who), 409, "refused")
    assert state(row) == "requested"


def test_a_hash_that_was_never_shown_is_answered_with_a_conflict(
    stage: Stage, call: Caller
) -> None:
    row = make.requested(stage)
    stale = {"snapshot_sha256": "0" * 64}
    body = problem(call.post(f"/rollbacks/{row.pk}/approvals", stale, who="lee"), 409, "changed")
    assert isinstance(body["changes"], list)
    assert state(row) == "requested"


def test_what_changed_since_is_listed(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    Host.objects.update(address="192.0.2.77")
    body = problem(
        call.post(f"/rollbacks/{row.pk}/approvals", seen(row), who="lee"), 409, "changed"
    )
    assert {"path": "hosts.app-1.address", "old": "192.0.2.1", "new": "192.0.2.77"} in body[
        "changes"
    ]
    assert state(row) == "requested"


def test_a_request_that_changed_is_frozen_anew_and_then_approved(
    stage: Stage, call: Caller
) -> None:
    row = make.requested(stage)
    Host.objects.update(address="192.0.2.77")
    renewed = call.post(f"/rollbacks/{row.pk}/renewals").json()
    assert renewed["snapshot_sha256"] != row.snapshot_sha256
    answer = {"snapshot_sha256": renewed["snapshot_sha256"]}
    assert call.post(f"/rollbacks/{row.pk}/approvals", answer, who="lee").status_code == 201
    assert state(row) == "approved"


def test_two_must_agree_where_the_policy_says_so(stage: Stage, call: Caller) -> None:
    stage.environment.approvals_code = 2
    stage.environment.save()
    row = make.requested(stage)
    call.post(f"/rollbacks/{row.pk}/approvals", seen(row), who="lee")
    assert state(row) == "requested"
    again = call.post(f"/rollbacks/{row.pk}/approvals", seen(row), who="lee")
    assert "already approved" in problem(again, 409, "refused")["detail"]
    call.post(f"/rollbacks/{row.pk}/approvals", seen(row), who="sam")
    assert state(row) == "approved"


def test_a_rejection_ends_the_request(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    address = f"/rollbacks/{row.pk}/rejections"
    problem(call.post(address, seen(row), who="lee"), 422, "invalid")
    problem(call.post(address, seen(row, reason="  "), who="lee"), 409, "refused")
    given = call.post(address, seen(row, reason="Fix forward"), who="lee").json()
    assert given["given"] is False
    assert given["note"] == "Fix forward"
    assert state(row) == "rejected"


def test_only_who_asked_withdraws(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    problem(call.post(f"/rollbacks/{row.pk}/withdrawals", who="lee"), 409, "refused")
    gone = call.post(f"/rollbacks/{row.pk}/withdrawals", {"reason": "False alarm"}).json()
    assert gone["state"] == "withdrawn"
    assert row.events.get(kind="rollback.withdrawn").facts["reason"] == "False alarm"


def test_an_approved_rollback_is_started_again(stage: Stage, call: Caller) -> None:
    row = make.approved(stage)
    Rollback.objects.update(start_asked=False)
    assert call.post(f"/rollbacks/{row.pk}/starts").json()["state"] == "approved"
    row.refresh_from_db()
    assert row.start_asked
    assert row.events.latest("seq").kind == "start.asked"


def test_a_demoted_decision_maker_is_refused(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    call.token("lee")
    DecisionMaker.objects.filter(user=stage.cast.lee).delete()
    problem(call.post(f"/rollbacks/{row.pk}/approvals", seen(row), who="lee"), 409, "refused")
    assert state(row) == "requested"
