"""What a password must be worth."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from rollback_console.access.actions.passwords import check_password_rules
from rollback_console.access.errors import WeakPassword


@pytest.mark.parametrize(
    "password",
    [
        *("aaaaaaaaaaaa", "rollbackconsole", "Rollback-Console1", "123456789012", "abcabcabcabc"),
        *("qwertyuiopas", "danaferreira", "ferreira2026", "Password1234", "testserver12"),
        *("a" * 200, "short"),
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    dana = User(username="dana", first_name="Dana", last_name="Ferreira")
    with pytest.raises(WeakPassword):
        check_password_rules(password, dana)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "a quite different battery",
        "Vq7-hRk2mWp9",
        "Юла домик tram",
    ],
)
def test_unrelated_words_and_random_characters_are_taken(password: str) -> None:
    check_password_rules(password, User(username="dana"))
