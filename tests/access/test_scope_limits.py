"""Rights and tokens that hold in some environments, or for some services, alone."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.test import Client

from rollback_console.access.actions.groups import add_group, limit_group
from rollback_console.access.actions.tokens import create_token
from rollback_console.access.errors import AccessError
from rollback_console.access.scope_limits import EVERYWHERE, ScopeLimit
from rollback_console.access.tokens import SCOPES, Token
from rollback_console.plans.actions import plans
from rollback_console.plans.models import Environment, Service
from rollback_console.rollbacks.actions import pins, requests, steering
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Rollback
from rollback_console.rollbacks.permissions import groups
from tests import make

ELSEWHERE = ScopeLimit.of(["production"], [])
HERE = ScopeLimit.of(["staging"], [])


def operators(limit: ScopeLimit, stage: make.Stage) -> None:
    """dana is in that group instead of Operator."""
    group = add_group(by=stage.cast.ada, name="Some operators", like=groups.OPERATOR, limit=limit)
    stage.cast.dana.groups.set([group])


def test_a_limited_group_requests_and_operates_in_its_environment_alone(stage: make.Stage) -> None:
    revision = make.plan(stage)
    rollback = make.approved(stage)
    operators(ELSEWHERE, stage)
    dana = make.User.objects.get(pk=stage.cast.dana.pk)
    for act in (
        lambda: requests.open_request(revision, by=dana, reason="Because", choices={}),
        lambda: requests.start(rollback, by=dana),
        lambda: steering.pause(rollback, by=dana, reason="Because"),
        lambda: steering.request_abort(rollback, by=dana, reason="Because"),
        lambda: steering.send_message(rollback, by=dana, text="Soon"),
        lambda: pins.pin(stage.service, version="1", by=dana, reason="Bad"),
    ):
        with pytest.raises(Refused, match=r"You may|read-only access"):
            act()
    limit_group(Group.objects.get(name="Some operators"), by=stage.cast.ada, limit=HERE)
    requests.start(rollback, by=dana)


def test_a_limited_group_keeps_plans_in_its_environment_alone(stage: make.Stage) -> None:
    revision = make.plan(stage)
    operators(ELSEWHERE, stage)
    dana = stage.cast.dana
    for act in (
        lambda: plans.import_document(
            make.PLAN.encode(), by=dana, service=stage.service, environment=stage.environment
        ),
        lambda: plans.revise(revision.plan, b"# Plan", by=dana),
        lambda: plans.bind_steps(revision, by=dana, bindings={}),
    ):
        with pytest.raises(PermissionDenied, match="You may not"):
            act()


def test_a_group_limited_to_a_service_pins_that_one_alone(stage: make.Stage) -> None:
    other = Service.objects.create(slug="other", name="Other")
    operators(ScopeLimit.of([], ["checkout"]), stage)
    pins.pin(stage.service, version="1", by=stage.cast.dana, reason="Bad")
    with pytest.raises(Refused):
        pins.pin(other, version="1", by=stage.cast.dana, reason="Bad")


def test_rights_of_a_second_group_count_as_well(stage: make.Stage) -> None:
    revision = make.plan(stage)
    operators(ELSEWHERE, stage)
    stage.cast.dana.groups.add(Group.objects.get(name=groups.OPERATOR))
    requests.open_request(revision, by=stage.cast.dana, reason="Because", choices={})


def test_what_is_gone_or_belongs_to_no_environment_widens_no_limit(stage: make.Stage) -> None:
    Environment.objects.filter(slug="production").delete()
    assert not ELSEWHERE.covers(stage.environment)
    assert not HERE.covers(stage.service)
    assert HERE.covers(stage.host)
    assert EVERYWHERE.covers(stage.service)


def test_nobody_but_an_admin_adds_or_limits_a_group_and_admin_holds_everywhere(
    stage: make.Stage,
) -> None:
    for act in (
        lambda: add_group(by=stage.cast.dana, name="Mine", like=groups.ADMIN, limit=EVERYWHERE),
        lambda: limit_group(
            Group.objects.get(name=groups.OPERATOR), by=stage.cast.lee, limit=ELSEWHERE
        ),
    ):
        with pytest.raises(Exception, match="Only an Admin"):
            act()
    with pytest.raises(AccessError, match="hold everywhere"):
        add_group(by=stage.cast.ada, name="Staging admins", like=groups.ADMIN, limit=HERE)
    with pytest.raises(AccessError, match="hold everywhere"):
        limit_group(Group.objects.get(name=groups.ADMIN), by=stage.cast.ada, limit=HERE)


def secret(stage: make.Stage, limit: ScopeLimit) -> dict[str, str]:
    ada = stage.cast.ada
    _, made = create_token(ada, by=ada, name=f"for {limit}", scopes=SCOPES, days=1, limit=limit)
    return {"Authorization": f"Bearer {made}"}


def outside(stage: make.Stage, rollback: Rollback) -> list[tuple[str, str]]:
    plan = rollback.revision.plan.slug
    return [
        ("GET", f"/rollbacks/{rollback.pk}"),
        ("GET", f"/rollbacks/{rollback.pk}/events"),
        ("GET", f"/plans/{plan}"),
        ("GET", "/environments/staging/deciders"),
        ("GET", "/trends"),
        ("POST", f"/rollbacks/{rollback.pk}/withdrawals"),
        ("POST", f"/rollbacks/{rollback.pk}/renewals"),
        ("POST", f"/rollbacks/{rollback.pk}/nudges"),
    ]


def test_a_limited_token_reaches_nothing_outside(stage: make.Stage) -> None:
    rollback = make.requested(stage)
    headers, client = secret(stage, ELSEWHERE), Client()
    for method, path in outside(stage, rollback):
        response = client.generic(
            method, f"/api/v1{path}", "{}", content_type="application/json", headers=headers
        )
        assert response.status_code == 403, path
        assert "holds for production alone" in response.json()["detail"]
    assert client.get("/api/v1/rollbacks", headers=headers).json()["items"] == []
    assert client.get("/api/v1/plans", headers=headers).json()["items"] == []
    assert not rollback.approvals.exists()


def test_a_limited_token_reaches_what_lies_inside(stage: make.Stage) -> None:
    rollback = make.requested(stage)
    headers, client = secret(stage, HERE), Client()
    assert client.get(f"/api/v1/rollbacks/{rollback.pk}", headers=headers).status_code == 200
    assert len(client.get("/api/v1/rollbacks", headers=headers).json()["items"]) == 1
    pins = client.post(
        "/api/v1/services/checkout/pins",
        {"version": "1", "reason": "Bad"},
        content_type="application/json",
        headers=headers,
    )
    assert pins.status_code == 403


def test_the_next_token_is_not_held_by_the_limit_of_the_one_before(stage: make.Stage) -> None:
    rollback = make.requested(stage)
    client = Client()
    client.get("/api/v1/rollbacks", headers=secret(stage, ELSEWHERE))
    answer = client.get(f"/api/v1/rollbacks/{rollback.pk}", headers=secret(stage, EVERYWHERE))
    assert answer.status_code == 200


def test_the_command_limits_a_token_too(stage: make.Stage) -> None:
    words = ["--name", "ci", "--environments", "staging", "--services", "checkout,other"]
    call_command("create_token", "dana", *words)
    assert str(Token.objects.get().limit) == "staging, checkout, other"


def test_tokens_made_before_keep_what_request_opened(stage: make.Stage) -> None:
    make.token(stage.cast.dana, name="old", scopes=["read", "request"])
    make.token(stage.cast.dana, name="reader", scopes=["read"])
    importlib.import_module("rollback_console.api.migrations.0003_split_request").keep_rights(
        apps, None
    )
    scopes = dict(Token.objects.values_list("name", "scopes"))
    assert scopes == {"old": ["read", "request", "plans", "operate"], "reader": ["read"]}


def test_an_admin_adds_a_limited_group_on_the_page_and_it_is_on_record(stage: make.Stage) -> None:
    client = make.signed_in(stage.cast.ada)
    fields = {"name": "Staging operators", "like": "Operator", "environments": ["staging"]}
    assert client.post("/people/groups/", fields).status_code == 303
    page = client.get("/people/groups/").content.decode()
    assert "Staging operators" in page
    assert "Applies only to staging." in page
    group = Group.objects.get(name="Staging operators")
    client.post(f"/people/groups/{group.pk}/limits/", {f"{group.pk}-services": ["checkout"]})
    assert "Applies only to checkout." in client.get("/people/groups/").content.decode()
