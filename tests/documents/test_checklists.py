"""The documents of a deployment, read into lists: the generator's own and those that people write."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollback_console.documents.checklists.reader import Checklist, read_checklist, read_kind
from rollback_console.documents.errors import UnreadableDocument

FAMILY = Path(__file__).with_name("family")


def read(name: str) -> Checklist:
    return read_checklist((FAMILY / f"{name}.md").read_bytes())


def tasks(text: str, kind: str = "") -> list[str]:
    return [each.text for each in read_checklist(text, kind=kind).lines if each.kind == "task"]


@pytest.mark.parametrize("kind", ["pre", "plan", "post", "monitoring", "rollback"])
def test_each_document_of_the_family_is_known_by_its_title(kind: str) -> None:
    assert read_kind((FAMILY / f"{kind}.md").read_bytes()) == kind


def test_the_checklist_before_a_deployment_ends_in_a_decision_and_three_signatures() -> None:
    checklist = read("pre")
    assert [each.kind for each in checklist.lines].count("task") == 44
    decision, *signatures = checklist.lines[-4:]
    assert (decision.kind, decision.section) == ("go_no_go", "Final Validation")
    roles = [(each.kind, each.role, each.name) for each in signatures]
    assert roles == [
        ("sign_off", "Deploy Lead", ""),
        ("sign_off", "Backend Lead", ""),
        ("sign_off", "DevOps Lead", ""),
    ]


def test_the_checklist_after_a_deployment_has_windows_and_the_question_of_a_rollback() -> None:
    checklist = read("post")
    windows = {each.section: (each.opens, each.due) for each in checklist.lines}
    assert windows["Immediate Verification (0-15 min)"] == (0, 15)
    assert windows["Functional Verification (15-30 min)"] == (15, 30)
    assert windows["Performance Verification (30-60 min)"] == (30, 60)
    assert windows["Data Verification"] == windows["Security Verification"] == (None, None)
    assert checklist.asks_for_rollback
    assert [each.kind for each in checklist.lines].count("task") == 44
    assert [each.role for each in checklist.lines[-3:]] == [
        "Deploy Lead",
        "Backend Lead",
        "DevOps Lead",
    ]


def test_the_boxes_of_a_deployment_plan_are_its_list_and_no_command_is() -> None:
    lines = read("plan").lines
    assert len(lines) == 46
    assert (lines[0].section, lines[0].text) == ("Code Ready", "All code merged to main branch")
    assert lines[-1].section == "Post-deployment Tasks"


def test_the_schedule_of_a_monitoring_plan_is_its_list() -> None:
    lines = [(each.section, each.due) for each in read("monitoring").lines]
    assert dict(lines) == {
        "First 2 Hours (Intensive)": 120,
        "First 24 Hours (Regular)": 1440,
        "First Week (Follow-up)": 10080,
    }


HAND_MADE = """# 2. After the release: what we check

## 1. Right away (within 15 minutes)
1. [ ] Orders arrive
2. [x] Logs are quiet
☐ Mails go out
⬜ Search answers

## 2. Then (15 to 30 minutes)
| # | Check | Owner | Done |
|---|-------|-------|------|
| 1 | Payments settle | Ann | [ ] |
| 2 | Stock is right | Bob | ☐ |

Do we need to roll back?
- [ ] YES
- [ ] NO

### Sign-off and approval
| Role | Name | Signature | Date |
|---|---|---|---|
| QA Lead | Dana Example | | |
| CTO | ______ | | |
"""


def test_headings_numbers_tables_and_other_boxes_are_read_alike() -> None:
    checklist = read_checklist(HAND_MADE)
    assert checklist.kind == "post"
    assert tasks(HAND_MADE) == [
        "Orders arrive",
        "Logs are quiet",
        "Mails go out",
        "Search answers",
        "Payments settle",
        "Stock is right",
    ]
    assert [each.due for each in checklist.lines[:6]] == [15, 15, 15, 15, 30, 30]
    assert checklist.asks_for_rollback
    signed = [(each.role, each.name) for each in checklist.lines[6:]]
    assert signed == [("QA Lead", "Dana Example"), ("CTO", "")]


def test_a_list_without_any_box_is_a_list_all_the_same() -> None:
    text = "# Before deployment\n\n## Code\n- Merged\n- Reviewed\n\n## Go / No-Go\n- GO\n- NO-GO\n"
    assert tasks(text) == ["Merged", "Reviewed"]
    assert [each.kind for each in read_checklist(text).lines].count("go_no_go") == 1


def test_a_name_on_the_line_of_a_decision_or_signature_is_who_decides() -> None:
    text = (
        "# Pre-release checklist\n- [ ] Built\n- [ ] Go/No-Go decision: Dana Example\n"
        "- [ ] Sign-off by QA Lead: ____\n\n**Sign-off**\n\nDeploy Lead: Lee Example Date: ____\n"
    )
    named = [(each.kind, each.role, each.name) for each in read_checklist(text).lines[1:]]
    assert named == [
        ("go_no_go", "", "Dana Example"),
        ("sign_off", "QA Lead", ""),
        ("sign_off", "Deploy Lead", "Lee Example"),
    ]


def test_a_box_within_commands_is_nothing_to_do() -> None:
    text = "# Deployment plan\n- [ ] Built\n```\n- [ ] echo\n```\n> - [ ] quoted\n"
    assert tasks(text) == ["Built"]


def test_a_person_may_say_what_a_document_is() -> None:
    assert tasks("# Friday\n- [ ] Lights on\n", kind="post") == ["Lights on"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("# Friday\n- [ ] Lights on\n", "Choose it, or call it one of"),
        ("# Rollback plan\n- [ ] Lights on\n", "Import it as a plan"),
        ("# Post-deployment checklist\n\nAll is well.\n", "holds nothing to tick"),
        ("", "The title does not tell"),
        (b"\x00\x01", "binary file"),
        (b"# Post-deployment \xff\n", "not UTF-8 text"),
        ("# Post-deployment checklist\n" + "- [ ] a\n" * 301, "at most 300 items"),
        ("# Post-deployment checklist\n" + "- [ ] a\n" * 4001, "at most 4,000 lines"),
        ("x" * 300_000, "the limit is"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(data: bytes | str, sentence: str) -> None:
    with pytest.raises(UnreadableDocument, match=sentence):
        read_checklist(data)


def test_what_nobody_sees_is_shown_and_a_long_item_is_cut() -> None:
    (hidden, long) = tasks(f"# Before release\n- [ ] rm\u202e fr\n- [ ] {'x' * 900}\n")
    assert "\u202e" not in hidden
    assert len(long) == 300
