"""What a browser sends in place of a passkey is refused in a sentence, whatever it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from tests import make

from .conftest import SignIn

pytestmark = pytest.mark.django_db

PART = "AAAA"


def answer(**parts: Any) -> str:
    """What has the form of an answer of an authenticator."""
    response = dict.fromkeys(("clientDataJSON", "attestationObject", "authenticatorData"), PART)
    fields = {"id": PART, "rawId": PART, "type": "public-key", "clientExtensionResults": {}}
    return json.dumps({**fields, "response": {**response, "signature": PART}, **parts})


ODD = {
    "a number without end": "9" * 5000,
    "lists without end": "[" * 100_000,
    "a number": "5",
    "nothing": "null",
    "half a character": '"\\ud800"',
    "zeros": answer(),
    "numbers for names": answer(id=5, rawId=5),
    "another kind": answer(type="x"),
    "no base64": answer(response={"clientDataJSON": "!!", "attestationObject": "€"}),
    "cut CBOR": answer(response={"clientDataJSON": "e30", "attestationObject": "o2NmbXRk"}),
    "no dictionary of extensions": answer(clientExtensionResults=5),
    "a person that no database holds": answer(
        response={
            "clientDataJSON": "e30",
            "authenticatorData": "A" * 60,
            "signature": PART,
            "userHandle": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ",
        }
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_nobody_signs_in_by_what_is_no_passkey(client: Client, name: str) -> None:
    client.get("/sign-in/passkey/")
    answered = client.post("/sign-in/passkey/", {"credential": ODD[name]})
    assert answered.status_code in {200, 302}
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_passkey_is_not_added_and_proves_nothing(
    signed_in: SignIn, stage: make.Stage, name: str
) -> None:
    client = signed_in(stage.cast.ada)
    for address in ("/account/passkeys/new/", "/account/confirmation/passkey/"):
        client.get(address)
        answered = client.post(address, {"credential": ODD[name], "name": "Laptop"})
        assert answered.status_code in {200, 302, 422}, address
    assert not Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN).exists()


def test_the_name_of_a_passkey_has_an_end(signed_in: SignIn, stage: make.Stage) -> None:
    client = signed_in(stage.cast.ada)
    client.get("/account/passkeys/new/")
    answered = client.post("/account/passkeys/new/", {"credential": answer(), "name": "x" * 9000})
    assert "at most 100 characters" in answered.content.decode()
