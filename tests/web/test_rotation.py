"""New master keys: everything stored comes under the first."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from rollback_console.plans.models import Credential, Secret
from tests import make

from .factors import add_app


def stored(table: str, column: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE {column} <> ''")  # noqa: S608
        return [row[0] for row in cursor.fetchall()]


def under(key: str, sealed: str) -> str:
    return Fernet(key).decrypt(sealed.encode()).decode()


def fill(stage: make.Stage) -> tuple[str, list[str]]:
    for name in ("ONE", "TWO"):
        Secret.objects.create(environment=stage.environment, name=name, value=f"value {name}")
    Credential.objects.create(name="c", username="u", private_key="private", password="word")
    seed = add_app(stage.cast.lee)
    return seed, RecoveryCodes.activate(stage.cast.lee).get_unused_codes()


def test_everything_comes_under_the_first_key_and_the_old_one_can_go(
    stage: make.Stage, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    seed, codes = fill(stage)
    old, new = settings.MASTER_KEYS[0], Fernet.generate_key().decode()
    settings.MASTER_KEYS = [new, old]
    call_command("rotate_keys")
    assert "6 renewed, 0 were under the first key already." in capsys.readouterr().out
    settings.MASTER_KEYS = [new]
    assert {each.value for each in Secret.objects.all()} == {"value ONE", "value TWO"}
    assert under(new, stored("plans_credential", "private_key")[0]) == "private"
    assert Credential.objects.get(name="c").password == "word"
    app = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    assert under(new, app.data["secret"]) == seed
    kept = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
    assert kept.wrap().get_unused_codes() == codes
    call_command("rotate_keys")
    assert "0 renewed, 6 were under the first key already." in capsys.readouterr().out


def test_what_an_interruption_left_is_done_the_next_time(
    stage: make.Stage, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    Secret.objects.create(environment=stage.environment, name="ONE", value="value ONE")
    old, new = settings.MASTER_KEYS[0], Fernet.generate_key().decode()
    settings.MASTER_KEYS = [new, old]
    Secret.objects.create(environment=stage.environment, name="TWO", value="value TWO")
    call_command("rotate_keys")
    assert "1 renewed, 1 were under the first key already." in capsys.readouterr().out


def test_a_row_that_no_key_opens_is_named_and_the_others_are_done(
    stage: make.Stage, settings: Any
) -> None:
    first = Secret.objects.create(environment=stage.environment, name="ONE", value="value ONE")
    new = Fernet.generate_key().decode()
    settings.MASTER_KEYS = [Fernet.generate_key().decode()]
    Secret.objects.create(environment=stage.environment, name="TWO", value="value TWO")
    settings.MASTER_KEYS = [new, *settings.MASTER_KEYS]
    with pytest.raises(CommandError, match=f"1 renewed.*opens these: secret {first.pk}, value"):
        call_command("rotate_keys")
    settings.MASTER_KEYS = [new]
    assert Secret.objects.get(name="TWO").value == "value TWO"
