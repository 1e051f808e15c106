"""A pipeline records what it deploys, asks before it does, and people decide afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from rollback_console.access.actions.tokens import create_token
from rollback_console.access.scope_limits import ScopeLimit
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.deployments.models import Deployment, FreezeWindow, GuardOverride
from rollback_console.plans.models import Environment, Plan, Service
from rollback_console.rollbacks.models import Lock, Rollback
from tests import make
from tests.make import Stage

from .caller import EVERYTHING, Caller, problem

NEW = {"service": "checkout", "environment": "staging", "version": "v2"}
OBSTACLES = "/services/checkout/deployable"


def test_moments_at_the_end_of_the_calendar_are_refused(call: Caller, stage: Stage) -> None:
    last = {"starts_at": "9999-12-31T00:00:00-14:00", "ends_at": "9999-12-31T23:00:00-14:00"}
    body = {"environment": "staging", "reason": "x", **last}
    problem(call.post("/freeze-windows", body, who="dana"), 422, "invalid")
    deployed = {"service": "checkout", "environment": "staging", "version": "v1"}
    body = {**deployed, "committed_at": "0001-01-01T00:00:00+14:00"}
    problem(call.post("/deployments", body, who="dana"), 422, "invalid")
    form = {"environment": stage.environment.pk, "reason": "x", "starts_at": "9999-12-31T00:00"}
    page = make.signed_in(stage.cast.dana).post(
        "/freeze-windows/", {**form, "ends_at": "9999-12-31T01:00"}
    )
    assert page.status_code == 303


def test_a_deployment_is_recorded_from_begin_to_end(stage: Stage, call: Caller) -> None:
    begun = call.post("/deployments", {**NEW, "commit": "4f2a91b", "deployed_by": "ci-bot"})
    assert begun.status_code == 201, begun.content
    made = begun.json()
    assert (made["state"], made["previous_version"], made["decision"]) == ("running", "", "")
    assert (made["deployed_by"], made["recorded_by"]["username"]) == ("ci-bot", "dana")
    end = f"/deployments/{made['id']}/finished"
    ended = call.post(end, {"outcome": "succeeded"}, Idempotency_Key="run-7").json()
    assert ended["state"] == "succeeded"
    again = call.post(end, {"outcome": "succeeded"}, Idempotency_Key="run-7")
    assert (again.status_code, again.json()) == (201, ended)
    assert call.get(f"/deployments/{made['id']}").json() == ended
    assert call.get("/deployments", service="checkout").json()["items"] == [ended]
    assert call.get("/deployments", service="basket").json()["items"] == []
    (runs,) = call.get("/services/checkout/running").json()["items"]
    assert (runs["environment"], runs["version"]) == ("staging", "v2")


def test_the_four_keys_are_answered_for_a_service(stage: Stage, call: Caller) -> None:
    ago = (timezone.now() - timedelta(hours=2)).isoformat()
    made = call.post("/deployments", {**NEW, "committed_at": ago}).json()
    call.post(f"/deployments/{made['id']}/finished", {"outcome": "succeeded"})
    keys = call.get("/deployments/measures", service="checkout", days=10).json()
    assert (keys["deployments"], keys["per_day"], keys["change_fail_rate"]) == (1, 0.1, 0)
    assert (keys["known_lead_times"], keys["recovery_time"]) == (1, None)
    assert 7200 <= keys["lead_time"] < 7800
    assert call.get("/deployments/measures", service="basket").json()["deployments"] == 0


def test_its_plan_comes_with_it_and_knows_its_facts(stage: Stage, call: Caller) -> None:
    document = make.PLAN.replace("echo restoring", "git checkout <previous-commit>")
    body = {**NEW, "document": document, "previous_commit": "91bc2f0"}
    made = call.post("/deployments", body)
    assert made.status_code == 201, made.content
    plan = Plan.objects.get(slug=made.json()["plan"])
    facts = plan.revisions.latest("number").bindings["facts"]
    assert list(facts.values()) == ["91bc2f0"]


def test_a_plan_that_cannot_be_read_records_nothing(stage: Stage, call: Caller) -> None:
    problem(call.post("/deployments", {**NEW, "document": "\0" * 9}), 422, "unreadable-plan")
    assert not Deployment.objects.exists()


def test_an_unknown_service_is_named_and_nothing_is_recorded(stage: Stage, call: Caller) -> None:
    answer = call.post("/deployments", {**NEW, "service": "chekout"})
    assert "no service chekout" in problem(answer, 404, "not-found")["detail"]
    assert not Deployment.objects.exists()


def test_a_script_is_no_link(stage: Stage, call: Caller) -> None:
    problem(call.post("/deployments", {**NEW, "link": "javascript:alert(1)"}), 422, "invalid")


def test_a_rollback_of_it_is_requested_or_it_is_closed(stage: Stage, call: Caller) -> None:
    slug = make.plan(stage).plan.slug
    first = call.post("/deployments", NEW).json()
    second = call.post("/deployments", {**NEW, "version": "v3"}).json()
    assert first["plan"] == slug
    body = {"plan": slug, "reason": "Orders fail"}
    opened = call.post(f"/deployments/{second['id']}/requests", body)
    assert opened.status_code == 201, opened.content
    assert opened.json()["trigger"] == "Deployment of v3"
    read = call.get(f"/deployments/{second['id']}").json()
    assert (read["decision"], read["rollback"]) == ("yes", opened.json()["number"])
    again = call.post(f"/deployments/{second['id']}/requests", body)
    assert "already" in problem(again, 409, "refused")["detail"]
    assert Rollback.objects.count() == 1
    closed = call.post(f"/deployments/{first['id']}/closures", {"reason": "All green"}).json()
    assert (closed["decision"], closed["decided_by"]["username"]) == ("no", "dana")


def test_an_open_rollback_stands_against_a_deployment_in_its_environment(
    stage: Stage, call: Caller
) -> None:
    row = make.requested(stage)
    answer = call.get(OBSTACLES, version="v2", environment="staging").json()
    assert answer["deployable"] is False
    assert [each["kind"] for each in answer["obstacles"]] == ["rollback"]
    assert f"Rollback {row.pk}" in answer["obstacles"][0]["text"]
    assert call.get(OBSTACLES, version="v2").json()["deployable"] is True
    Rollback.objects.update(state="succeeded")
    assert call.get(OBSTACLES, version="v2", environment="staging").json()["deployable"] is True


def test_a_rollback_of_another_service_holds_the_environment(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    Lock.objects.create(environment=stage.environment, rollback=row, at=timezone.now())
    Service.objects.create(slug="basket", name="Basket")
    answer = call.get("/services/basket/deployable", version="v2", environment="staging").json()
    assert [each["kind"] for each in answer["obstacles"]] == ["lock"]


def test_a_freeze_window_stands_until_it_ends(stage: Stage, call: Caller) -> None:
    body = window(hours=8)
    made = call.post("/freeze-windows", body)
    assert made.status_code == 201, made.content
    (obstacle,) = call.get(OBSTACLES, version="v2", environment="staging").json()["obstacles"]
    assert (obstacle["kind"], obstacle["until"]) == ("freeze_window", made.json()["ends_at"])
    assert "Quarter's end" in obstacle["text"]
    assert call.get("/freeze-windows").json()["items"] == [made.json()]
    ended = call.post(f"/freeze-windows/{made.json()['id']}/ends")
    assert ended.status_code == 201
    assert call.get(OBSTACLES, version="v2", environment="staging").json()["deployable"] is True
    problem(call.post(f"/freeze-windows/{made.json()['id']}/ends"), 409, "refused")


def test_a_window_of_one_service_holds_no_other(stage: Stage, call: Caller) -> None:
    Service.objects.create(slug="basket", name="Basket")
    call.post("/freeze-windows", {**window(hours=8), "service": "basket"})
    assert call.get(OBSTACLES, version="v2", environment="staging").json()["deployable"] is True


def test_a_window_that_cannot_be_is_refused(stage: Stage, call: Caller) -> None:
    problem(call.post("/freeze-windows", window(hours=-1)), 409, "refused")
    problem(call.post("/freeze-windows", window(hours=24 * 400)), 409, "refused")
    naive = {**window(hours=8), "ends_at": "2030-01-01T00:00:00"}
    problem(call.post("/freeze-windows", naive), 422, "invalid")
    problem(call.post("/freeze-windows", window(hours=8), who="vic"), 409, "refused")
    assert not FreezeWindow.objects.exists()


def test_a_limited_token_reaches_its_own_environment_alone(stage: Stage, call: Caller) -> None:
    prod = Environment.objects.create(slug="production", name="PRODUCTION")
    made = call.post("/deployments", {**NEW, "environment": prod.slug}).json()
    call.post(f"/deployments/{made['id']}/finished")
    _, secret = create_token(
        stage.cast.dana,
        by=stage.cast.dana,
        name="ci",
        scopes=("read", "plans", "operate"),
        days=1,
        limit=ScopeLimit.of(["staging"], []),
    )
    call.made["dana", EVERYTHING] = secret
    problem(call.get(f"/deployments/{made['id']}", who="dana"), 403, "forbidden")
    assert call.get("/deployments", who="dana").json()["items"] == []
    assert call.get("/services/checkout/running", who="dana").json()["items"] == []
    problem(call.post("/deployments", {**NEW, "environment": prod.slug}), 403, "forbidden")
    body = {**window(hours=8), "environment": prod.slug}
    problem(call.post("/freeze-windows", body), 403, "forbidden")


def window(*, hours: float) -> dict[str, Any]:
    now = timezone.now()
    ends = now + timedelta(hours=hours)
    return {
        "environment": "staging",
        "reason": "Quarter's end",
        "starts_at": (now - timedelta(hours=2)).isoformat(),
        "ends_at": ends.isoformat(),
    }


def test_a_decision_maker_overrides_what_stands_now_and_nothing_later(
    stage: Stage, call: Caller
) -> None:
    call.post("/freeze-windows", window(hours=8))
    body = {"environment": "staging", "version": "v2", "reason": "Fixes the outage"}
    address = "/services/checkout/overrides"
    refused = problem(call.post(address, body, who="dana"), 409, "refused")
    assert "Only decision makers" in refused["detail"]
    made = call.post(address, body, who="lee")
    assert made.status_code == 201, made.content
    answer = call.get(OBSTACLES, version="v2", environment="staging").json()
    assert answer["deployable"] is True
    assert answer["obstacles"][0]["overridden_by"]["username"] == "lee"
    assert call.get(OBSTACLES, version="v3", environment="staging").json()["deployable"] is False
    again = problem(call.post(address, body, who="lee"), 409, "refused")
    assert "No override is needed" in again["detail"]
    call.post("/freeze-windows", {**window(hours=4), "reason": "Another one"})
    assert call.get(OBSTACLES, version="v2", environment="staging").json()["deployable"] is False
    assert ConfigurationEvent.objects.get(kind="guard.overridden").by == stage.cast.lee


def test_an_override_ends_by_itself_or_by_hand(stage: Stage, call: Caller) -> None:
    call.post("/freeze-windows", window(hours=8))
    body = {"environment": "staging", "version": "v2", "reason": "Fixes the outage", "hours": 2}
    first = call.post("/services/checkout/overrides", body, who="lee").json()
    ended = call.post(f"/overrides/{first['id']}/ends", who="lee")
    assert ended.status_code == 201, ended.content
    assert call.get(OBSTACLES, version="v2", environment="staging").json()["deployable"] is False
    call.post("/services/checkout/overrides", body, who="lee")
    assert call.get(OBSTACLES, version="v2", environment="staging").json()["deployable"] is True
    GuardOverride.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert call.get(OBSTACLES, version="v2", environment="staging").json()["deployable"] is False
    problem(call.post("/services/checkout/overrides", {**body, "hours": 25}), 422, "invalid")
