"""Values of the head that would be passed over, or read as another, are named: they guard."""

from __future__ import annotations

import pytest

from rollback_console.documents import read
from rollback_console.documents.plan_config import read_plan_config

PLAN = "# Rollback Plan\n\n## Rollback Steps\n\n### Step 1: A\n\n```bash\necho a\n```\n"


def problems(head: str) -> list[str]:
    """The findings that keep a plan with this head from being confirmed or requested."""
    document = read(f"---\n{head}\n---\n{PLAN}")
    return [each.message for each in document.findings if each.code == "front-matter"]


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("checks:\n- {check: A, log: /a.log, without: [ERROR, Traceback]}", "one text"),
        ("checks:\n- {check: A, log: /a.log, without: '|'}", "does not say what"),
        ("checks:\n- {check: A, log: /a.log, holds: ' '}", "does not say what"),
        ("checks:\n- {check: A, http: 'http://a/', status: '204'}", "whole number"),
        ("checks:\n- {check: A, command: count, at_least: '5'}", "whole number"),
        ("checks:\n- {check: A, command: count, at_most: 0.5}", "whole number"),
        ("checks:\n- {check: A, http: 'http://a/', holds: yes}", "in quotes"),
        ("checks:\n- {check: A, command: count, hosts: [db-1]}", "one text"),
        ("database: {kind: sqlite, name: /a.db, folder: /b, hosts: [db-1]}", "one text"),
        ("database: {kind: sqlite, name: /a.db, folder: /b, user: [dba]}", "one text"),
        ("database: {kind: sqlite, name: /a.db, folder: /b, dump: cp a b}", "not both"),
        ("database: {kind: sqlite, name: /a.db, folder: /b, restore: cp b a}", "not both"),
        ("measures:\n- {what: rows, run: count, hosts: [db-1]}", "one text"),
        ("checks:\n- {check: A, command: 'true', command: reboot}", "stands there twice"),
        ("settle: 5m\nsettle: 0s", "stands there twice"),
        ("checks:\n- {check: Up, command: look}\n- {check: up, command: 'true'}", "hide the other"),
    ],
)
def test_a_value_that_would_not_count_is_named(head: str, why: str) -> None:
    assert any(why in each for each in problems(head))


def test_a_number_stays_the_text_that_it_was_written_as() -> None:
    document = read(f"---\nchecks:\n- {{check: A, http: 'http://a/', holds: 1.10}}\n---\n{PLAN}")
    assert read_plan_config(document).checks[0].holds == "1.10"
    assert not problems("checks:\n- {check: A, http: 'http://a/', status: 204, holds: 200}")
