"""What every layer shares has one place: a second copy of it is found here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User

import rollback_console
from rollback_console.common.people import display_name
from rollback_console.common.permission import may_do
from rollback_console.common.text import LONGEST_TEXT, text_problem

ROOT = Path(rollback_console.__file__).parent


@pytest.mark.parametrize(
    ("copy", "home"),
    [
        (r"get_full_name\(", {"common/people.py"}),
        (r"def (percentile|duration|clock)\(", {
            "common/statistics.py", "common/durations.py", "web/templatetags/console.py",
            "web/presenters/dates.py",
        }),
        (r"is_active and \w+\.has_perm", {
            "common/permission.py", "rollbacks/permissions/groups.py",
        }),
        (r"LONGEST\w* = 20_000", {"common/text.py"}),
    ],
)  # fmt: skip
def test_there_is_one_place_for_it(copy: str, home: set[str]) -> None:
    places = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if re.search(copy, path.read_text())
    }
    assert places <= home


def test_a_person_is_named_by_their_full_name_else_as_they_sign_in() -> None:
    assert display_name(User(username="lee", first_name="Lee", last_name="Vos")) == "Lee Vos"
    assert display_name(User(username="lee")) == "lee"
    assert display_name(None, nobody="the console") == "the console"


def test_who_is_deactivated_may_do_nothing() -> None:
    admin = User(username="ada", is_superuser=True)
    assert may_do(admin, "rollbacks.operate_rollback")
    admin.is_active = False
    assert not may_do(admin, "rollbacks.operate_rollback")


@pytest.mark.parametrize("text", ["", "  \n", "x" * (LONGEST_TEXT + 1)])
def test_a_text_that_is_empty_or_too_long_is_named(text: str) -> None:
    assert text_problem(text) == "Write between 1 and 20,000 characters."
    assert text_problem("x" * LONGEST_TEXT) == ""
