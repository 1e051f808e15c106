"""`make quick` finds the tests that a change can break, the likeliest first."""

from __future__ import annotations

import pytest

from . import selection


@pytest.mark.parametrize(
    ("file", "test"),
    [
        ("rollback_console/engine/decide.py", "tests/engine/test_decide.py"),
        ("rollback_console/web/views/plans/plan.py", "tests/web/test_plans.py"),
        ("templates/plans/plan.html", "tests/web/test_plans.py"),
        ("rollback_console/remote/runner/launch.sh", "tests/remote/test_runs.py"),
        ("Dockerfile", "tests/operations/test_containers.py"),
        ("tests/documents/seed.md", "tests/documents/test_seed.py"),
    ],
)
def test_the_test_that_is_about_a_file_is_among_the_first(file: str, test: str) -> None:
    assert test in selection.affected_tests([file])[:10]


def test_a_changed_test_comes_before_every_other() -> None:
    changed = ["rollback_console/engine/decide.py", "tests/web/test_limits.py"]
    assert selection.affected_tests(changed)[0] == "tests/web/test_limits.py"


def test_a_change_of_what_everybody_uses_reaches_the_tests_of_every_package() -> None:
    reached = {path.split("/")[1] for path in selection.affected_tests(["tests/conftest.py"])}
    assert {"engine", "documents", "plans", "rollbacks", "web", "api", "remote"} <= reached


def test_a_change_that_no_test_sees_chooses_none() -> None:
    assert selection.affected_tests(["".join(("nobody-", "mentions-", "this.txt"))]) == []
