"""The first Admin, by a command that may be repeated."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError

from rollback_console.rollbacks.permissions import groups

pytestmark = pytest.mark.django_db


def create(*words: str) -> str:
    out = io.StringIO()
    call_command("create_owner", "--username", "ada", *words, stdout=out)
    return out.getvalue()


def test_the_password_is_made_printed_once_and_opens_the_door() -> None:
    output = create("--email", "ada@example.org")
    password = output.split()[1]
    ada = User.objects.get(username="ada")
    assert ada.check_password(password)
    assert [group.name for group in ada.groups.all()] == [groups.ADMIN]
    assert ada.has_perm("plans.add_host")
    assert "is Admin now" in output


def test_repeating_it_changes_nothing() -> None:
    create()
    before = User.objects.get().password
    assert create() == "ada was Admin already.\n"
    assert User.objects.get().password == before


def test_a_password_may_come_from_a_file_and_must_be_worth_the_name(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("password\n")
    with pytest.raises(CommandError, match="too short"):
        create("--password-file", str(file))
    assert User.objects.count() == 0
    file.write_text("correct horse battery staple\n")
    assert "Password:" not in create("--password-file", str(file))
    assert User.objects.get().check_password("correct horse battery staple")


def test_somebody_who_was_there_keeps_their_password_and_becomes_admin() -> None:
    User.objects.create_user("ada", password="correct horse battery staple")
    assert create() == "ada is Admin now.\n"
    assert User.objects.get().check_password("correct horse battery staple")


def test_who_was_locked_out_is_not_let_in_by_the_back_door() -> None:
    User.objects.create_user("ada", is_active=False)
    with pytest.raises(CommandError, match="is deactivated"):
        create()
    assert not User.objects.get().groups.exists()


def test_a_name_or_a_file_that_will_not_do_is_a_sentence() -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        create("--password-file", "/nonexistent")
    with pytest.raises(CommandError, match="valid"):
        call_command("create_owner", "--username", "no spaces!")
