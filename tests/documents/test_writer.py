"""Edits change what they name and nothing else."""

from __future__ import annotations

import pytest

from rollback_console.documents import read
from rollback_console.documents.edit.write_bindings import inscribe
from rollback_console.documents.edit.writer import apply_fix, set_attribute, set_front_matter
from rollback_console.documents.errors import UnknownEdit, UnreadableDocument
from rollback_console.documents.markdown.source import LIMIT

PLAN = "# Rollback\n\n## Rollback steps\n\n### Step 1: Stop\n\n```bash\nsystemctl stop app\n```\n"


def changed(before: str, after: str) -> list[str]:
    return [line for line in after.split("\n") if line not in before.split("\n")]


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("hosts", "app", "```bash hosts=app"),
        ("expect", "all is well", '```bash expect="all is well"'),
        ("gate", True, "```bash gate"),
    ],
)
def test_an_attribute_is_written_on_the_fence_and_read_back(
    name: str, value: str | bool, line: str
) -> None:
    after = set_attribute(read(PLAN), "stop", name, value)
    assert changed(PLAN, after) == [line]
    assert getattr(read(after).procedures[0].steps[0].settings, name) == value


def test_an_attribute_is_replaced_in_its_place_and_taken_away() -> None:
    once = set_attribute(read(PLAN), "stop", "cwd", "/srv/a")
    more = set_attribute(read(once), "stop", "timeout", "5m")
    other = set_attribute(read(more), "stop", "cwd", "/srv/b")
    assert "```bash cwd=/srv/b timeout=5m" in other
    assert read(other).procedures[0].steps[0].settings.timeout == 300
    back = set_attribute(read(other), "stop", "cwd", "")
    assert "```bash timeout=5m" in back


def test_a_fence_without_a_language_becomes_a_shell_fence() -> None:
    plain = PLAN.replace("```bash", "```")
    assert "```bash user=deploy" in set_attribute(read(plain), "stop", "user", "deploy")


@pytest.mark.parametrize(
    ("step", "name", "value", "says"),
    [
        ("stop", "colour", "red", "not an attribute"),
        ("start", "cwd", "/x", "no step start"),
        ("stop", "expect", 'a"b', "cannot hold"),
        ("stop", "cwd", "a\nb", "cannot hold"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(step: str, name: str, value: str, says: str) -> None:
    with pytest.raises(UnknownEdit, match=says):
        set_attribute(read(PLAN), step, name, value)


def test_a_step_without_a_fence_has_nowhere_to_write() -> None:
    manual = read("# Rollback\n## Rollback steps\n### Step 1: Call\nCall them.\n")
    with pytest.raises(UnknownEdit, match="no fence"):
        set_attribute(manual, "call", "cwd", "/x")


def test_a_head_is_made_changed_and_kept_otherwise() -> None:
    made = set_front_matter(read(PLAN), {"service": "shop", "hosts": {"web1": "app"}})
    assert made.endswith(PLAN)
    assert read(made).service == "shop"
    kept = made.replace("---\nservice", "---\n# ours\nservice", 1)
    after = set_front_matter(read(kept), {"service": "till", "escalate_after": "15m"})
    assert "# ours\nservice: till\n" in after
    document = read(after)
    assert document.front_matter.values["hosts"] == {"web1": "app"}
    assert document.front_matter.values["escalate_after"] == "15m"
    gone = set_front_matter(document, {"hosts": None})
    assert "hosts" not in read(gone).front_matter.values


def test_a_head_that_cannot_be_read_is_not_written_over() -> None:
    with pytest.raises(UnknownEdit, match="correct it first"):
        set_front_matter(read("---\na: [\n---\n"), {"service": "x"})


def test_windows_line_ends_stay_windows_line_ends() -> None:
    windows = PLAN.replace("\n", "\r\n")
    after = set_attribute(read(windows), "stop", "cwd", "/srv")
    assert after.count("\n") == after.count("\r\n") == windows.count("\r\n")


def test_a_finding_without_a_fix_cannot_be_applied() -> None:
    document = read(PLAN)
    with pytest.raises(UnknownEdit, match="no ready fix"):
        apply_fix(document, document.findings[0])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"x" * (LIMIT + 1), "limit is 262,144"),
        ("é" * (LIMIT // 2 + 1), "limit is 262,144"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is not UTF-8"),
        (b"a\0b", "binary"),
        (b"\xff\xfea", "is not UTF-16"),
        (b"caf\xe9", "Save the plan as UTF-8"),
    ],
)
def test_what_is_no_document_is_refused_with_a_sentence(data: bytes | str, says: str) -> None:
    with pytest.raises(UnreadableDocument, match=says):
        read(data)


def test_the_largest_document_allowed_is_read() -> None:
    assert read(b"x" * LIMIT).unmapped == ((1, 1),)


def test_bindings_become_attributes_and_nothing_else_changes() -> None:
    plan = "# Rollback\r\n## Steps\r\n### Step 1: Stop\r\n```bash gate\r\nls\r\n```\r\nend"
    text, written = inscribe(read(plan), {"stop": {"hosts": "app", "cwd": "/srv/a b"}})
    assert text == plan.replace("bash gate", 'bash gate hosts=app cwd="/srv/a b"')
    assert written == ["stop"]


def test_steps_that_share_a_fence_are_left_as_they_are() -> None:
    plan = "# Rollback\n## Steps\n```bash\n# 1. a\nls\n# 2. b\npwd\n```\n"
    assert inscribe(read(plan), {"a": {"hosts": "x"}, "b": {"hosts": "y"}}) == (plan, [])


def test_a_value_that_cannot_stand_on_a_fence_is_left_out() -> None:
    plan = "# Rollback\n## Steps\n### Step 1: Stop\n```bash\nls\n```\n"
    assert inscribe(read(plan), {"stop": {"hosts": "x", "cwd": 'a"b'}}) == (plan, [])
