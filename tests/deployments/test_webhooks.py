"""What GitHub, GitLab and others tell of deployments, and what nobody believes."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_console.deployments.models import Deployment
from rollback_console.deployments.pipeline_events import (
    KINDS,
    UnreadableEvent,
    parse_event,
)
from rollback_console.plans.models import Service
from tests.make import Stage
from tests.proposals.conftest import Sender, sender

SHA = "4f2a91bc77d0c1e2a3b4c5d6e7f8091a2b3c4d5e"


def github(state: str, **deployment: Any) -> bytes:
    """As GitHub writes a deployment_status event, with what is read of it."""
    body = {
        "action": "created",
        "deployment_status": {"state": state, "target_url": "https://github.com/o/checkout/runs/1"},
        "deployment": {
            "id": 145988746,
            "sha": SHA,
            "ref": "v2.4.0",
            "environment": "staging",
            "creator": {"login": "octocat"},
            **deployment,
        },
        "repository": {"name": "checkout", "full_name": "o/checkout"},
    }
    return json.dumps(body).encode()


def gitlab(status: str) -> bytes:
    """As GitLab writes a deployment event, with what is read of it."""
    body = {
        "object_kind": "deployment",
        "status": status,
        "deployment_id": 15,
        "deployable_url": "https://gitlab.example.org/g/checkout/-/jobs/796",
        "environment": "staging",
        "project": {"name": "checkout", "path_with_namespace": "g/checkout"},
        "short_sha": "279484c0",
        "user": {"username": "root"},
        "ref": "main",
    }
    return json.dumps(body).encode()


def signed(target: Sender, body: bytes) -> Any:
    mark = hmac.new(target.secret.encode(), body, hashlib.sha256).hexdigest()
    return target.send(body, X_Hub_Signature_256=f"sha256={mark}")


def test_services_whose_builds_are_numbered_alike_are_kept_apart(stage: Stage) -> None:
    Service.objects.create(slug="search", name="Search")
    hook = sender(stage, "deployments")
    for service, state in (("checkout", "running"), ("search", "failed")):
        hook.send({"id": "17", "service": service, "version": "v1", "state": state})
    rows = Deployment.objects.order_by("pk").values_list("service__slug", "state")
    assert list(rows) == [("checkout", "running"), ("search", "failed")]


def test_what_github_tells_is_one_deployment_from_begin_to_end(stage: Stage) -> None:
    hub = sender(stage, "github")
    begun = signed(hub, github("in_progress"))
    assert begun.status_code == 202, begun.content
    made = Deployment.objects.get()
    assert begun.json() == {"deployments": [made.pk]}
    assert (made.version, made.commit, made.deployed_by) == ("v2.4.0", SHA, "octocat")
    assert (made.state, made.recorded_by) == ("running", stage.cast.ada)
    signed(hub, github("success"))
    signed(hub, github("success"))
    signed(hub, github("failure"))
    made.refresh_from_db()
    assert (made.state, Deployment.objects.count()) == ("succeeded", 1)


def test_a_branch_is_no_version(stage: Stage) -> None:
    signed(sender(stage, "github"), github("success", ref="main"))
    assert Deployment.objects.get().version == SHA[:12]


def test_what_gitlab_tells_counts_from_its_end_alone_too(stage: Stage) -> None:
    lab = sender(stage, "gitlab")
    assert lab.send(gitlab("success"), X_Gitlab_Token=lab.secret).status_code == 202
    made = Deployment.objects.get()
    assert (made.state, made.version, made.deployed_by) == ("succeeded", "279484c0", "root")


def test_others_tell_with_a_bearer_token(stage: Stage) -> None:
    other = sender(stage, "deployments")
    body = {
        "id": 1,
        "service": "checkout",
        "version": "7",
        "state": "failed",
        "link": "javascript:x",
    }
    assert other.send(body).status_code == 202
    made = Deployment.objects.get()
    assert (made.state, made.link) == ("failed", "")


def test_what_goes_elsewhere_or_says_nothing_of_deployments_is_passed_over(stage: Stage) -> None:
    hub = sender(stage, "github")
    for body in (github("success", environment="production"), github("inactive"), b'{"zen": "x"}'):
        assert signed(hub, body).json() == {"deployments": []}
    assert not Deployment.objects.exists()


def test_a_forged_or_foreign_signature_records_nothing(stage: Stage) -> None:
    hub, alerts = sender(stage, "github"), sender(stage, "generic")
    forged = hub.send(github("success"), X_Hub_Signature_256="sha256=" + "0" * 64)
    assert forged.status_code == 401
    assert hub.send(github("success"), X_Gitlab_Token=hub.secret).status_code == 401
    assert signed(alerts, json.dumps({"title": "It burns"}).encode()).status_code == 401
    assert not Deployment.objects.exists()


@pytest.mark.parametrize("body", [b"\xff", b"[]", b"{}", b'{"state": "succeeded"}'])
def test_an_unreadable_body_is_answered_with_a_sentence(stage: Stage, body: bytes) -> None:
    answer = sender(stage, "deployments").send(body)
    assert answer.status_code == 400
    assert answer.json()["detail"].endswith(".")


def test_an_unknown_service_is_named_and_nothing_is_recorded(stage: Stage) -> None:
    Service.objects.update(slug="shop", name="Shop")
    answer = signed(sender(stage, "github"), github("success"))
    assert answer.status_code == 409
    assert "There is no service checkout." in answer.json()["detail"]
    assert not Deployment.objects.exists()


KEYS = (
    *("deployment", "deployment_status", "repository", "project", "user", "creator", "login"),
    *("id", "sha", "ref", "name", "state", "status", "service", "version", "environment"),
    *("object_kind", "short_sha", "deployment_id"),
)
NAMES = st.sampled_from(KEYS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)


@given(kind=st.sampled_from(KINDS), body=JSON)
def test_no_body_raises_anything_else(kind: str, body: Any) -> None:
    try:
        event = parse_event(kind, json.dumps(body).encode())
    except UnreadableEvent as error:
        assert str(error).endswith(".")
    else:
        assert event is None or (event.number and event.service and event.version)
