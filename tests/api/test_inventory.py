"""Hosts, credentials, environments, secrets and people through the API."""

from __future__ import annotations

from rollback_console.access.actions.tokens import create_token
from rollback_console.access.scope_limits import ScopeLimit
from rollback_console.access.tokens import Token
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.plans.models import Credential, Environment, Host, Secret
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.make import Stage

from .caller import EVERYTHING, Caller, problem

HOST = {
    "name": "app-9",
    "environment": "staging",
    "address": "192.0.2.9",
    "credential": "key of app-1",
    "groups": ["app"],
}


def test_an_admin_adds_lists_and_removes_a_host(call: Caller, stage: Stage) -> None:
    made = call.post("/hosts", HOST, who="ada")
    assert made.status_code == 201, made.content
    assert made.json()["groups"] == ["app"]
    assert made.json()["keys"] == []
    names = [each["name"] for each in call.get("/hosts", who="ada").json()["items"]]
    assert names == ["app-1", "app-9"]
    first = call.get("/hosts", who="ada", limit=1).json()
    second = call.get("/hosts", who="ada", limit=1, cursor=first["next"]).json()
    assert (second["items"][0]["name"], second["next"]) == ("app-9", None)
    assert call.get("/hosts", who="ada", text="9").json()["items"][0]["name"] == "app-9"
    assert call.get("/hosts", who="ada", environment="elsewhere").json()["items"] == []
    assert call.post("/hosts/app-9/removals", who="ada").json() == {"removed": "app-9"}
    assert Host.objects.count() == 1
    kinds = ConfigurationEvent.objects.values_list("kind", flat=True)
    assert {"host.added", "host.removed", "host_group.added"} <= set(kinds)


def test_a_limited_token_adds_no_host_by_what_it_does_not_reach(call: Caller, stage: Stage) -> None:
    elsewhere = Environment.objects.create(slug="elsewhere", name="ELSEWHERE")
    root = Credential.objects.create(name="root there", username="root")
    Host.objects.create(name="db", environment=elsewhere, address="192.0.2.7", credential=root)
    _, secret = create_token(
        stage.cast.ada,
        by=stage.cast.ada,
        name="limited",
        scopes=("admin",),
        days=1,
        limit=ScopeLimit.of(("staging",), ()),
    )
    call.made["ada", EVERYTHING] = secret
    for more in ({"credential": "root there"}, {"jump": "db"}):
        problem(call.post("/hosts", {**HOST, **more}, who="ada"), 403, "forbidden")
    assert not stage.environment.host_groups.exists()
    assert call.post("/hosts", HOST, who="ada").status_code == 201


def test_a_host_that_a_request_needs_stays(call: Caller, stage: Stage) -> None:
    make.requested(stage)
    answer = problem(call.post("/hosts/app-1/removals", who="ada"), 409, "refused")
    assert "needed by what is not over yet" in answer["detail"]
    Rollback.objects.update(state="withdrawn")
    assert call.post("/hosts/app-1/removals", who="ada").status_code == 201


def test_what_is_secret_is_written_and_never_answered(call: Caller, stage: Stage) -> None:
    body = {"name": "second", "username": "deploy", "password": "swordfish-7"}
    made = call.post("/credentials", body, who="ada")
    assert made.json()["has_password"] is True
    assert Credential.objects.get(name="second").password == "swordfish-7"
    secret = {"name": "DB_PASSWORD", "value": "swordfish-8"}
    answers = [
        made,
        call.get("/credentials", who="ada"),
        call.post("/environments/staging/secrets", secret, who="ada"),
        call.get("/environments", who="ada"),
    ]
    assert all("swordfish" not in each.content.decode() for each in answers)
    assert answers[-1].json()["items"][0]["secrets"] == ["DB_PASSWORD"]
    assert Secret.objects.get().value == "swordfish-8"
    call.post("/environments/staging/secrets/DB_PASSWORD/removals", who="ada")
    assert not Secret.objects.exists()


def test_a_secret_has_a_name_that_commands_can_read(call: Caller, stage: Stage) -> None:
    for name in ("a/b", "X=1", "A B", "1A", "x\ny"):
        body = {"name": name, "value": "swordfish-8"}
        problem(call.post("/environments/staging/secrets", body, who="ada"), 409, "refused")


def test_people_are_listed_let_go_and_let_in_again(call: Caller, stage: Stage) -> None:
    rows = call.get("/people", who="ada").json()["items"]
    assert [row["username"] for row in rows] == ["ada", "dana", "lee", "sam", "vic"]
    lee = next(row for row in rows if row["username"] == "lee")
    assert (lee["groups"], lee["decides"]) == (["Operator"], ["staging"])
    call.token("dana")
    assert call.post("/people/dana/deactivations", who="ada").json()["is_active"] is False
    assert not Token.objects.filter(user=stage.cast.dana, revoked_at=None).exists()
    assert call.post("/people/dana/activations", who="ada").json()["is_active"] is True


def test_nobody_but_an_admin_reads_or_writes_them(call: Caller, stage: Stage) -> None:
    for path in ("/hosts", "/credentials", "/environments", "/people"):
        problem(call.get(path, who="lee"), 403, "forbidden")
    problem(call.post("/hosts", HOST, who="lee"), 403, "forbidden")
    problem(call.post("/people/dana/deactivations", who="lee"), 403, "forbidden")
