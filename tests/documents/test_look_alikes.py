"""Signs that only look like those of a shell are found, and put right with one click."""

from __future__ import annotations

import pytest

from rollback_console.documents import read
from rollback_console.documents.edit.writer import apply_fix
from rollback_console.documents.model import Finding, Severity
from rollback_console.documents.shell.look_alikes import find_look_alikes, without_look_alikes

PLAN = "# Rollback Plan\n\n## Rollback Steps\n\n### Step 1: Do it\n\n```bash hosts=app\n{}\n```\n"


def finding(text: str) -> Finding | None:
    return next((one for one in read(text).findings if one.code == "look-alike"), None)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("echo “hi”", 'echo "hi"'),
        ("echo “it's done”", 'echo "it\'s done"'),
        ("echo “a” “b's” –la 'x “' “c”", 'echo "a" "b\'s" -la \'x “\' "c"'),
        ("git checkout ‘v1’", "git checkout 'v1'"),
        ("systemctl –no-pager stop shop", "systemctl --no-pager stop shop"),
        ("rm —force x", "rm --force x"),
        ("ls –l", "ls -l"),
        ("ls −l", "ls -l"),
        ("echo ＄HOME；ls", "echo $HOME;ls"),
        ("cat a ｜ wc", "cat a | wc"),
        ("git сheckout v1", "git checkout v1"),
        ('psql -c "select сount(*) from t"', 'psql -c "select count(*) from t"'),
        ("ls\n  echo “a”", 'ls\n  echo "a"'),
    ],
)
def test_what_only_looks_like_a_sign_of_the_shell_is_replaced(written: str, meant: str) -> None:
    text = PLAN.format(written)
    error = finding(text)
    assert error is not None
    assert error.severity is Severity.ERROR
    fixed = apply_fix(read(text), error)
    assert fixed == PLAN.format(meant)
    assert finding(fixed) is None


@pytest.mark.parametrize(
    "text",
    [
        "echo 'It’s “fine” – yes'",
        'mysql -e "select ‘x’"',
        "# don’t do “this” – ok",
        "echo 完成！",
        "echo привет größe",
        "ls -l --all",
    ],
)
def test_text_in_quotes_comments_and_other_scripts_is_left_alone(text: str) -> None:
    assert find_look_alikes(text) == ()
    assert without_look_alikes(text) == text
    assert finding(PLAN.format(text)) is None


def test_the_finding_names_each_character_and_what_it_stands_for() -> None:
    error = finding(PLAN.format("ls\nrm –rf /srv/old"))
    assert error is not None
    assert error.line == 9
    assert "– (U+2013, en dash) for -" in error.message


@pytest.mark.parametrize("text", ["“" * 90_000, "ls –l\n" * 20_000, "echo “it's” b\n" * 9_000])
def test_a_very_long_text_is_looked_at_a_few_times_only(text: str) -> None:
    assert 0 < len(find_look_alikes(text)) <= 50
