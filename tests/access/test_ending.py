"""What ends with a password, an account and a missing second factor."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from rollback_console.access.actions import passwords, people
from rollback_console.access.errors import AccessError, WeakPassword
from rollback_console.access.tokens import Token
from tests import make
from tests.web.factors import add_app

NEW = "a quite different battery"


def opens(secret: str) -> int:
    headers = {"Authorization": f"Bearer {secret}"}
    return Client().get("/api/v1/plans", headers=headers).status_code


def pipeline(stage: make.Stage) -> str:
    return make.token(stage.cast.dana, name="pipeline", scopes=["read"])[1]


def test_a_new_password_ends_tokens_and_other_sessions_but_not_this_one(stage: make.Stage) -> None:
    secret, here, there = pipeline(stage), make.signed_in(stage.cast.dana), Client()
    there.force_login(stage.cast.dana)
    fields = {"old_password": make.PASSWORD, "new_password1": NEW, "new_password2": NEW}
    here.post("/account/", fields)
    assert opens(secret) == 401
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302


def test_a_reset_by_an_admin_ends_every_session_and_token(stage: make.Stage) -> None:
    secret, there = pipeline(stage), make.signed_in(stage.cast.dana)
    passwords.set_password(stage.cast.dana, by=stage.cast.ada, password=NEW)
    assert opens(secret) == 401
    assert there.get("/").status_code == 302


def test_what_ended_with_an_account_does_not_revive_with_it(stage: make.Stage) -> None:
    secret, there = pipeline(stage), make.signed_in(stage.cast.dana)
    people.deactivate_person(stage.cast.dana, by=stage.cast.ada)
    assert opens(secret) == 401
    people.activate_person(stage.cast.dana, by=stage.cast.ada)
    assert opens(secret) == 401
    assert there.get("/").status_code == 302


def test_an_account_that_was_deactivated_elsewhere_revives_without_its_sessions_too(
    stage: make.Stage,
) -> None:
    secret, there = pipeline(stage), make.signed_in(stage.cast.dana)
    type(stage.cast.dana).objects.filter(pk=stage.cast.dana.pk).update(is_active=False)
    people.activate_person(stage.cast.dana, by=stage.cast.ada)
    assert opens(secret) == 401
    assert there.get("/").status_code == 302


def test_a_token_of_a_person_without_the_demanded_second_factor_opens_nothing(
    stage: make.Stage, settings: Any
) -> None:
    secret = pipeline(stage)
    settings.REQUIRE_SECOND_FACTOR = True
    assert opens(secret) == 403
    add_app(stage.cast.dana)
    assert opens(secret) == 200


def test_nobody_but_an_admin_resets_deactivates_or_grants(stage: make.Stage) -> None:
    dana, lee = stage.cast.dana, stage.cast.lee
    for act in (
        lambda: passwords.set_password(dana, by=lee, password=NEW),
        lambda: people.deactivate_person(dana, by=lee),
        lambda: people.activate_person(dana, by=lee),
        lambda: people.grant_break_glass(dana, by=lee),
        lambda: people.add_person(by=lee, username="kim", password=NEW),
    ):
        with pytest.raises(Exception, match="Only an Admin"):
            act()
    assert not Token.objects.exists()


def test_nobody_grants_break_glass_to_themselves(stage: make.Stage) -> None:
    with pytest.raises(AccessError, match="Another Admin"):
        people.grant_break_glass(stage.cast.ada, by=stage.cast.ada)


def test_the_rules_for_passwords_hold_in_every_action(stage: make.Stage) -> None:
    with pytest.raises(WeakPassword):
        passwords.set_password(stage.cast.dana, by=stage.cast.ada, password="password")
    with pytest.raises(WeakPassword):
        people.add_person(by=stage.cast.ada, username="kim", password="password")
