"""Inviting people through the API."""

from __future__ import annotations

from django.test import Client

from rollback_console.access.models import Invitation
from rollback_console.api.models import IdempotentReply
from tests.make import Stage

from .caller import Caller, problem

KIM = {"username": "kim", "email": "kim@example.org", "groups": ["Operator"]}


def test_an_admin_invites_renews_and_revokes(call: Caller, stage: Stage) -> None:
    answer = call.post("/invitations", KIM, who="ada")
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    first = answer.json()["link"].removeprefix("http://testserver")
    assert Client().get(first).status_code == 200
    second = call.post("/people/kim/invitations", {"days": 1}, who="ada").json()["link"]
    assert Client().get(first).status_code == 404
    assert Client().get(second.removeprefix("http://testserver")).status_code == 200
    answer = call.post("/people/kim/invitations/revocations", who="ada")
    assert answer.json() == {"revoked": 1}
    assert Client().get(second.removeprefix("http://testserver")).status_code == 404


def test_a_mail_that_cannot_go_is_said(call: Caller, stage: Stage) -> None:
    answer = call.post("/invitations", KIM | {"mail": True}, who="ada").json()
    assert (answer["mailed"], answer["link"][:30]) == (False, "http://testserver/invitations/")
    assert "No message target sends mail" in answer["mail_problem"]


def test_the_link_is_kept_for_no_repetition(call: Caller, stage: Stage) -> None:
    answer = call.post("/invitations", KIM, who="ada", Idempotency_Key="once")
    assert "kept nowhere" in problem(answer, 400, "malformed")["detail"]
    assert not Invitation.objects.exists()
    assert not IdempotentReply.objects.exclude(body="").exists()


def test_nobody_else_invites(call: Caller, stage: Stage) -> None:
    problem(call.post("/invitations", KIM, who="dana"), 403, "forbidden")
    unknown = KIM | {"groups": ["Owners"]}
    answer = problem(call.post("/invitations", unknown, who="ada"), 409, "refused")
    assert "There is no group Owners." in answer["detail"]
