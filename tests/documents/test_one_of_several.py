"""What would run twice, in the wrong case or in the wrong place if a plan were read in a row."""

from __future__ import annotations

import pytest

from rollback_console.documents import read
from rollback_console.documents.model import PlanDocument, Role, Step, StepKind

from .test_reading_rules import HEAD, codes, fence, roles, steps


def only_step(text: str) -> Step:
    (step,) = steps(read(HEAD + text))
    return step


def ways(step: Step) -> list[list[str]]:
    return [[command.text for command in way.commands] for way in step.alternatives]


def test_one_tool_under_another_name_is_another_way_to_call_it() -> None:
    step = only_step(
        f"From a checkout:\n\n{fence('sudo bash restore.sh --from /srv/b1')}\nWhere it is installed:\n\n"
        f"{fence('sudo shop-restore --from /srv/b1')}"
    )
    assert (step.commands, len(step.alternatives)) == ((), 2)


@pytest.mark.parametrize("program", ["node", "python3", "bash"])
def test_a_list_of_the_uses_of_one_script_is_a_choice(program: str) -> None:
    uses = [f"{program} bin/undo.js {what}" for what in ("all", "one orders", "all --dry-run")]
    rows = [row for use in uses for row in (f"# {use[-4:]}", use, "")]
    assert ways(only_step(fence(*rows))) == [[use] for use in uses]


def test_files_put_back_one_by_one_all_are() -> None:
    rows = [f"git checkout HEAD~1 -- src/{name}" for name in ("a", "b", "c")]
    step = only_step(fence(*[row for at, one in enumerate(rows) for row in (f"# Part {at}", one)]))
    assert [command.text for command in step.commands] == rows


def test_a_dump_put_back_and_migrations_reversed_are_two_ways() -> None:
    step = only_step(
        f"### Step 1: Put the data back\n{fence('pg_restore --clean -d shop /srv/b.dump')}\nA smaller step back:\n\n"
        f"{fence('alembic downgrade <rev>')}"
    )
    assert len(step.alternatives) == 2


def test_an_if_above_commands_is_their_condition_whatever_it_speaks_of() -> None:
    step = only_step(fence("bin/look", "", "# If corruption shows, put the data back", "bin/back"))
    assert [command.text for command in step.commands] == ["bin/look"]
    assert ways(step) == [["bin/back"], []]


def test_an_if_above_a_list_holds_for_all_of_it() -> None:
    step = only_step(
        "### Step 1: Restore\nIf the data is broken:\n\n1. Stop it: `systemctl stop shop`\n"
        "2. Put it back:\n   ```bash\n   bin/back\n   ```\n"
    )
    assert (step.condition, len(step.commands)) == ("If the data is broken", 2)
    assert step.alternatives == ()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Jika menggunakan folder rilis:", "Jika menggunakan unggahan:"),
        ("Si usas Docker en casa:", "Si usas otra cosa:"),
        ("如果使用发布目录：", "如果使用上传："),
        ("# Python/Django", "# Node.js/Prisma"),
    ],
)
def test_either_this_or_that_is_a_choice_in_any_language(first: str, second: str) -> None:
    text = (
        fence(first, "svc one", "", second, "svc two")
        if first.startswith("#")
        else f"{first}\n\n{fence('svc one')}\n{second}\n\n{fence('svc two')}"
    )
    assert ways(only_step(text)) == [["svc one"], ["svc two"]]


@pytest.mark.parametrize("opener", ["ssh deploy@app1", "ssh -p 22 app1", "psql shop", "sudo -i"])
def test_what_is_typed_into_a_session_is_done_by_hand(opener: str) -> None:
    document = read(HEAD + fence(opener, "cd /srv/shop", "bin/back"))
    assert [step.kind for step in steps(document)] == [StepKind.MANUAL]
    assert "interactive-lines" in codes(document)


def test_a_command_given_to_a_host_is_no_session() -> None:
    step = only_step(fence("ssh app1 'systemctl stop shop'", "bin/back"))
    assert step.kind is StepKind.COMMAND


def test_dumping_and_putting_back_under_one_heading_is_asked_about() -> None:
    document = read(
        f"{HEAD}### Database backup / restore\n{fence('# Save', 'pg_dump shop > a.sql', '# Load', 'psql shop < b.sql')}"
    )
    assert [step.kind for step in steps(document)] == [StepKind.MANUAL]
    assert [question.kind for question in document.questions] == ["role"]


def test_what_a_pipeline_does_without_anybody_is_no_way() -> None:
    document = read(
        f"# Rollback\n## 1. Automated rollback\nThe pipeline triggers this when a deploy fails:\n\n{fence('helm rollback shop')}"
        f"## 2. Manual rollback\n{fence('helm rollback shop 3')}"
    )
    assert [c.text for step in steps(document) for c in step.commands] == ["helm rollback shop 3"]


@pytest.mark.parametrize(
    "heading", ["回滚失败怎么办？", "الملاحق", "التشخيص", "Si el rollback falla"]
)
def test_what_is_no_part_of_it_is_left_out_in_other_languages(heading: str) -> None:
    document = read(f"{HEAD}{fence('undo it')}## {heading}\n{fence('do that')}")
    assert roles(document)["do that"] not in {"step", "check", "precondition"}


def test_after_a_successful_rollback_comes_work_and_no_check() -> None:
    document = read(
        f"{HEAD}{fence('undo it')}## After a successful rollback\n{fence('git init', 'git add .')}"
    )
    assert {one.role for one in document.commands if "git" in one.text} == {Role.ACTION}


def test_a_bold_line_with_a_time_heads_nothing() -> None:
    document: PlanDocument = read(
        f"# Rollback\n## Rollback\n### Method 1: Console\n**Estimated time: 3-5 minutes**\n\n{fence('undo it')}"
    )
    assert roles(document) == {"undo it": "step"}


def test_deploying_what_was_there_before_is_going_back() -> None:
    document = read(
        f"# Rollback\n## Level 1: Swap\n{fence('swap it')}## Level 2: Previous-release deploy\n1. Find the tag\n2. Run it\n"
        f"## Level 3: All of it\n{fence('back it')}"
    )
    assert [one.name for one in document.procedures] == [
        "Level 1: Swap",
        "Level 2: Previous-release deploy",
        "Level 3: All of it",
    ]
