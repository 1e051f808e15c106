"""The page of tokens: made once, shown once, revoked by their owner or an Admin."""

from __future__ import annotations

import re

from django.test import Client

from rollback_console.access.tokens import Token
from tests import make

from .conftest import SignIn, words

ADDRESS = "/tokens/"
FIELDS = {"name": "pipeline", "scopes": ["read", "request"], "days": "30"}


def asks(secret: str) -> int:
    headers = {"Authorization": f"Bearer {secret}"}
    return Client().get("/api/v1/plans", headers=headers).status_code


def secret_in(response: object) -> str:
    body = getattr(response, "content").decode()  # noqa: B009
    match = re.search(r'<code id="secret">(rbc_[\w-]+)</code>', body)
    assert match is not None, body
    return match[1]


def test_a_token_is_made_its_secret_shown_once_and_it_opens_the_door(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.dana)
    made = client.post(ADDRESS, FIELDS)
    secret = secret_in(made)
    assert "no-store" in made["Cache-Control"]
    assert asks(secret) == 200
    page = client.get(ADDRESS)
    assert secret not in page.content.decode()
    assert "pipeline read, request just now" in words(page)
    kept = Token.objects.get()
    assert (kept.user, kept.scopes) == (stage.cast.dana, ["read", "request"])
    assert secret not in str(vars(kept))


def test_a_token_needs_a_fresh_proof_of_who_makes_it(stage: make.Stage) -> None:
    client = make.signed_in(stage.cast.dana, minutes_ago=6)
    assert client.post(ADDRESS, FIELDS).status_code == 303
    assert not Token.objects.exists()
    made = client.post("/account/confirmation/", {"password": make.PASSWORD})
    assert asks(secret_in(made)) == 200


def test_what_does_not_fit_is_told_beside_its_field(signed_in: SignIn, stage: make.Stage) -> None:
    client = signed_in(stage.cast.dana)
    for change, sentence in (
        ({"scopes": []}, "Choose at least one."),
        ({"scopes": ["root"]}, "Select a valid choice."),
        ({"days": "4000"}, "less than or equal to 366"),
        ({"name": " "}, "This field is required."),
    ):
        response = client.post(ADDRESS, {**FIELDS, **change})
        assert response.status_code == 422
        assert sentence in words(response)
    client.post(ADDRESS, FIELDS)
    assert "choose another name" in words(client.post(ADDRESS, FIELDS))
    assert Token.objects.count() == 1


def test_a_revoked_token_opens_nothing(signed_in: SignIn, stage: make.Stage) -> None:
    client = signed_in(stage.cast.dana)
    secret = secret_in(client.post(ADDRESS, FIELDS))
    address = f"{ADDRESS}{Token.objects.get().pk}/revocations/"
    assert client.get(address).status_code == 405
    client.post(address)
    assert asks(secret) == 401
    assert "revoked just now" in words(client.get(ADDRESS))
    assert "was revoked already" in words(client.post(address, follow=True))


def test_nobody_sees_or_revokes_what_is_not_theirs(signed_in: SignIn, stage: make.Stage) -> None:
    token, secret = make.token(stage.cast.dana, name="pipeline", scopes=["read"], days=1)
    lee = signed_in(stage.cast.lee)
    assert "pipeline" not in words(lee.get(ADDRESS))
    assert lee.post(f"{ADDRESS}{token.pk}/revocations/").status_code == 404
    assert asks(secret) == 200


def test_an_admin_sees_and_revokes_all(signed_in: SignIn, stage: make.Stage) -> None:
    token, secret = make.token(stage.cast.dana, name="pipeline", scopes=["read"], days=1)
    ada = signed_in(stage.cast.ada)
    assert "Dana Example pipeline read" in words(ada.get(ADDRESS))
    ada.post(f"{ADDRESS}{token.pk}/revocations/")
    assert asks(secret) == 401


def test_an_admin_makes_tokens_for_nobody_else(signed_in: SignIn, stage: make.Stage) -> None:
    signed_in(stage.cast.ada).post(ADDRESS, {**FIELDS, "user": stage.cast.lee.pk})
    assert Token.objects.get().user == stage.cast.ada
