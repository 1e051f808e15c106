"""Who may come in where: every route, without a token, with the wrong scope, with the right one."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.utils import timezone

from rollback_console.access import tokens
from rollback_console.access.actions.tokens import revoke_token
from rollback_console.access.tokens import Token
from rollback_console.api.api import api
from tests import make
from tests.make import Stage

from .caller import PREFIX, Caller, problem

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

TOKEN = uuid.UUID(int=7)

ROUTES = [
    ("GET", "/plans", "read"),
    ("POST", "/plans", "plans"),
    ("GET", "/plans/some-plan", "read"),
    ("GET", "/plans/some-plan/revisions/1", "read"),
    ("POST", "/plans/some-plan/revisions/1/acknowledgements", "plans"),
    ("POST", f"/plans/some-plan/revisions/1/acknowledgements/{64 * '0'}/withdrawals", "plans"),
    ("GET", "/rollbacks", "read"),
    ("POST", "/rollbacks", "request"),
    ("GET", "/rollbacks/9", "read"),
    ("GET", "/rollbacks/9/events", "read"),
    ("POST", "/rollbacks/9/approvals", "approve"),
    ("POST", "/rollbacks/9/rejections", "approve"),
    ("GET", "/environments/some-place/deciders", "read"),
    ("GET", "/rollbacks/9/deciders", "read"),
    ("POST", "/environments/some-place/policies", "admin"),
    ("GET", "/configuration", "admin"),
    ("POST", "/configuration", "admin"),
    ("POST", "/environments/some-place/delegations", "approve"),
    ("POST", "/delegations/9/revocations", "approve"),
    ("POST", "/rollbacks/9/questions", "approve"),
    ("POST", "/rollbacks/9/questions/1/answers", "request"),
    ("POST", "/rollbacks/9/nudges", "request"),
    ("POST", "/rollbacks/9/break-glass", "break_glass"),
    ("POST", "/rollbacks/9/break-glass/reviews", "approve"),
    ("POST", "/rollbacks/9/withdrawals", "request"),
    ("POST", "/rollbacks/9/renewals", "request"),
    ("POST", "/rollbacks/9/starts", "operate"),
    ("POST", "/rollbacks/9/pauses", "operate"),
    ("POST", "/rollbacks/9/resumptions", "operate"),
    ("POST", "/rollbacks/9/question-owners", "operate"),
    ("POST", "/rollbacks/9/restarts", "operate"),
    ("POST", "/rollbacks/9/abort-requests", "operate"),
    ("POST", "/rollbacks/9/notes", "request"),
    ("POST", "/rollbacks/9/messages", "operate"),
    ("POST", "/rollbacks/9/steps/1/retries", "operate"),
    ("POST", "/rollbacks/9/exclusions", "operate"),
    ("POST", "/rollbacks/9/steps/1/skips", "operate"),
    ("POST", "/rollbacks/9/steps/1/undos", "operate"),
    ("POST", "/rollbacks/9/steps/1/answers", "operate"),
    ("POST", "/rollbacks/9/checks/some-check/answers", "operate"),
    ("GET", f"/step-runs/{TOKEN}/log", "read"),
    ("POST", "/rollbacks/9/redactions", "admin"),
    ("GET", "/rollbacks/9/postmortem", "read"),
    ("GET", "/rollbacks/9/postmortem.json", "read"),
    ("GET", "/rollbacks/9/postmortem.md", "read"),
    ("GET", "/services/some-service/deployable", "read"),
    ("GET", "/plans/some-plan/readiness", "read"),
    ("GET", "/plans/some-plan/host-questions", "read"),
    ("POST", "/plans/some-plan/host-questions/1/approvals", "approve"),
    ("POST", "/services/some-service/pins", "operate"),
    ("POST", "/pins/9/lifts", "admin"),
    ("POST", "/services/some-service/overrides", "approve"),
    ("POST", "/overrides/9/ends", "approve"),
    ("GET", "/trends", "read"),
    ("GET", "/trends.csv", "read"),
    ("GET", "/rollbacks/9/archive", "read"),
    ("POST", "/incidents", "plans"),
    ("GET", "/configuration/events", "read"),
    ("GET", "/hosts", "read"),
    ("POST", "/hosts", "admin"),
    ("POST", "/hosts/some-host/removals", "admin"),
    ("GET", "/credentials", "admin"),
    ("POST", "/credentials", "admin"),
    ("GET", "/environments", "read"),
    ("POST", "/environments/some-place/secrets", "admin"),
    ("POST", "/environments/some-place/secrets/some-secret/removals", "admin"),
    ("GET", "/people", "admin"),
    ("POST", "/people/somebody/deactivations", "admin"),
    ("POST", "/people/somebody/activations", "admin"),
    ("POST", "/invitations", "admin"),
    ("POST", "/people/somebody/invitations", "admin"),
    ("POST", "/people/somebody/invitations/revocations", "admin"),
    ("GET", "/proposals", "read"),
    ("GET", "/proposals/9", "read"),
    ("POST", "/proposals/9/requests", "request"),
    ("POST", "/proposals/9/dismissals", "request"),
    ("POST", "/deployments", "plans"),
    ("GET", "/deployments", "read"),
    ("GET", "/deployments/9", "read"),
    ("GET", "/deployments/measures", "read"),
    ("POST", "/deployments/9/finished", "plans"),
    ("POST", "/deployments/9/requests", "request"),
    ("POST", "/deployments/9/closures", "request"),
    ("POST", "/deployments/9/documents", "plans"),
    ("GET", "/deployments/9/checklists", "read"),
    ("POST", "/deployments/9/items/9/answers", "request"),
    ("POST", "/deployments/9/items/9/signers", "operate"),
    ("GET", "/services/some-service/running", "read"),
    ("GET", "/freeze-windows", "read"),
    ("POST", "/freeze-windows", "operate"),
    ("POST", "/freeze-windows/9/ends", "operate"),
]

every_route = pytest.mark.parametrize(("method", "path", "scope"), ROUTES)


def send(method: str, path: str, **headers: str) -> Response:
    return Client().generic(
        method, PREFIX + path, "{}", content_type="application/json", headers=headers
    )


@every_route
def test_nobody_comes_in_without_a_token(db: None, method: str, path: str, scope: str) -> None:
    response = send(method, path)
    problem(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")


@every_route
def test_a_token_with_every_other_scope_is_too_narrow(
    call: Caller, method: str, path: str, scope: str
) -> None:
    others = tuple(each for each in tokens.SCOPES if each != scope)
    secret = call.token("ada", others)
    response = send(method, path, Authorization=f"Bearer {secret}")
    body = problem(response, 403, "forbidden")
    assert f"scope {scope}" in body["detail"]
    assert f'scope="{scope}"' in response.headers["WWW-Authenticate"]


@every_route
def test_a_token_with_that_scope_comes_in(call: Caller, method: str, path: str, scope: str) -> None:
    secret = call.token("ada", (scope,))
    response = send(method, path, Authorization=f"Bearer {secret}")
    # Past the door: done, or refused for what it names (nothing) or lacks (everything).
    assert response.status_code in {200, 201, 404, 422}


def test_the_table_holds_every_route_there_is() -> None:
    described = {
        (method.upper(), path)
        for path, methods in api.get_openapi_schema()["paths"].items()
        for method in methods
    }
    assert len(described) == len(ROUTES)
    for method, path, _ in ROUTES:
        assert any(
            method == each and _fits(PREFIX + path, template) for each, template in described
        ), path


def _fits(path: str, template: str) -> bool:
    parts, pattern = path.split("/"), template.split("/")
    return len(parts) == len(pattern) and all(
        part == want or want.startswith("{") for part, want in zip(parts, pattern, strict=True)
    )


def test_a_signed_in_browser_is_nobody_here(stage: Stage) -> None:
    client = Client()
    client.force_login(stage.cast.dana)
    problem(client.get(f"{PREFIX}/rollbacks"), 401, "unauthenticated")
    problem(client.post(f"{PREFIX}/rollbacks", {}), 401, "unauthenticated")


def test_a_session_does_not_lend_its_person_to_a_token(stage: Stage, call: Caller) -> None:
    row = make.requested(stage)
    call.client.force_login(stage.cast.lee)
    answer = call.post(f"/rollbacks/{row.pk}/notes", {"text": "Seen"}, who="vic")
    assert answer.status_code == 201
    assert row.events.get(kind="note.added").by == stage.cast.vic


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer nonsense", "Basic ZGFuYTp4", "bearer \udcff"]
)
def test_what_is_no_token_opens_nothing(db: None, header: str) -> None:
    problem(send("GET", "/plans", Authorization=header), 401, "unauthenticated")


def _known(call: Caller) -> Token:
    call.token("dana")
    return Token.objects.get(user=call.cast.dana)


def test_a_revoked_token_opens_nothing(call: Caller) -> None:
    revoke_token(_known(call), by=None)
    body = problem(call.get("/plans", who="dana"), 401, "unauthenticated")
    assert "revoked" in body["detail"]


def test_an_expired_token_opens_nothing(call: Caller) -> None:
    _known(call)
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    body = problem(call.get("/plans", who="dana"), 401, "unauthenticated")
    assert "expired" in body["detail"]


def test_a_deactivated_person_takes_their_tokens_with_them(stage: Stage, call: Caller) -> None:
    _known(call)
    stage.cast.dana.is_active = False
    stage.cast.dana.save()
    body = problem(call.get("/plans", who="dana"), 401, "unauthenticated")
    assert "no longer active" in body["detail"]


def test_a_person_who_lost_the_right_lost_it_for_their_tokens(stage: Stage, call: Caller) -> None:
    row = make.approved(stage)
    stage.cast.dana.groups.set(stage.cast.vic.groups.all())
    response = call.post(f"/rollbacks/{row.pk}/starts", who="dana")
    assert "may not start" in problem(response, 409, "refused")["detail"]


def test_a_person_in_no_group_opens_nothing_with_their_token(stage: Stage, call: Caller) -> None:
    call.token("dana")
    stage.cast.dana.groups.clear()
    body = problem(call.get("/plans", who="dana"), 403, "forbidden")
    assert "dana is in no group" in body["detail"]
