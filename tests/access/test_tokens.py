"""Tokens: shown once, kept as a hash, for so many days, and ended by name."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from rollback_console.access.tokens import Token
from tests import make
from tests.api.caller import Caller
from tests.make import Stage


def command(*words: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(*words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def create(**changed: Any) -> tuple[str, str]:
    form = {"user": "dana", "name": "ci", "scopes": "read,request", "days": "90", **changed}
    user = form.pop("user")
    words = [word for name, value in form.items() for word in (f"--{name}", value)]
    return command("create_token", user, *words)


def test_the_secret_is_printed_once_and_only_its_hash_is_kept(stage: Stage) -> None:
    out, err = create()
    secret = out.strip()
    token = Token.objects.get()
    assert token.sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert token.user == stage.cast.dana
    assert token.scopes == ["read", "request"]
    assert secret not in err
    assert "cannot be shown again" in err
    assert all(secret not in str(value) for value in vars(token).values())


def test_the_printed_secret_opens_the_door(stage: Stage, call: Caller) -> None:
    secret = create()[0].strip()
    headers = {"Authorization": f"Bearer {secret}"}
    assert call.client.get("/api/v1/plans", headers=headers).status_code == 200


def test_a_token_lives_as_many_days_as_asked(stage: Stage) -> None:
    create(days="3")
    token = Token.objects.get()
    assert token.expires_at - token.created_at == timedelta(days=3)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"user": "nobody"}, "no active user nobody"),
        (
            {"scopes": "read,write"},
            "one or more of: read, plans, request, operate, approve",
        ),
        ({"scopes": ","}, "Scopes are one or more of"),
        ({"days": "0"}, "between 1 and 366 days"),
        ({"days": "9999"}, "between 1 and 366 days"),
        ({"name": " "}, "Name the token"),
    ],
)
def test_what_makes_no_token_is_said(stage: Stage, changed: dict[str, str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        create(**changed)
    assert not Token.objects.exists()


def test_a_name_is_used_once_even_after_its_token_was_revoked(stage: Stage) -> None:
    create()
    command("revoke_token", "dana", "ci")
    with pytest.raises(CommandError, match="has had a token named ci already"):
        create()


def test_a_token_is_revoked_by_name(stage: Stage) -> None:
    create()
    out, _ = command("revoke_token", "dana", "ci")
    assert "is revoked" in out
    assert Token.objects.get().revoked_at is not None
    with pytest.raises(CommandError, match="revoked already"):
        command("revoke_token", "dana", "ci")
    with pytest.raises(CommandError, match="dana has: ci"):
        command("revoke_token", "dana", "other")


def test_the_last_use_is_kept_to_the_minute(stage: Stage, call: Caller) -> None:
    call.get("/plans", who="dana")
    first = Token.objects.get().last_used_at
    assert first is not None
    call.get("/plans", who="dana")
    assert Token.objects.get().last_used_at == first
    Token.objects.update(last_used_at=timezone.now() - timedelta(minutes=5))
    call.get("/plans", who="dana")
    again = Token.objects.get().last_used_at
    assert again is not None
    assert again >= first


def test_two_tokens_never_share_a_secret(stage: Stage) -> None:
    made = {make.token(stage.cast.dana, name=f"t{n}", scopes=["read"], days=1)[1] for n in range(9)}
    assert len(made) == 9
