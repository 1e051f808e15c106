"""What is too much to read is kept and reported, and nothing of it runs."""

from __future__ import annotations

from rollback_console.documents import read, write
from rollback_console.documents.model import PlanDocument, StepKind
from rollback_console.documents.parse.limits import LINE, LINES, SHELL

STEPS = "# Rollback\n## Rollback steps\n### Step 1: Stop\n```bash\nsystemctl stop app\n```\n"


def codes(document: PlanDocument) -> dict[str, int]:
    return {finding.code: finding.line for finding in document.findings}


def test_a_plan_of_the_longest_length_runs() -> None:
    plan = STEPS + "x\n\n" * (LINES - 6)
    assert "not-read-to-the-end" not in codes(read(plan))
    assert read(plan).procedures[0].steps[0].kind is StepKind.COMMAND


def test_a_plan_not_read_to_its_end_runs_nothing_and_says_where_it_ends() -> None:
    document = read(STEPS + "x\n" * (LINES - 6) + "### Step 2: Start\n\nthe rest")
    assert codes(document)["not-read-to-the-end"] == document.unread == LINES + 1
    assert [step.kind for step in document.procedures[0].steps] == [StepKind.MANUAL]
    assert document.unmapped[-2:] == ((LINES + 1, LINES + 1), (LINES + 3, LINES + 3))


def test_a_plan_not_read_to_its_end_is_written_back_whole() -> None:
    plan = STEPS + "x\n" * LINES
    assert write(read(plan)) == plan


def test_commands_beyond_the_budget_are_shown_and_not_run() -> None:
    long = f"echo {'x' * SHELL}"
    document = read(f"{STEPS}### Step 2: Talk\n```bash\n{long}\n```\n")
    first, second = document.procedures[0].steps
    assert (first.kind, second.kind) == (StepKind.COMMAND, StepKind.MANUAL)
    assert not second.commands
    assert codes(document)["too-much-to-read"] == 8


def test_a_line_of_commands_that_nobody_reads_is_shown_and_not_run() -> None:
    for length, kind in ((LINE, StepKind.COMMAND), (LINE + 1, StepKind.MANUAL)):
        document = read(STEPS.replace("systemctl stop app", "echo ".ljust(length, "x")))
        assert [step.kind for step in document.procedures[0].steps] == [kind]
        assert ("too-much-to-read" in codes(document)) is (kind is StepKind.MANUAL)


def test_output_of_any_length_costs_no_budget() -> None:
    output = "x" * SHELL
    plan = f"{STEPS}```json\n{output}\n```\n### Step 2: Start\n```bash\nsystemctl start app\n```\n"
    assert [step.kind for step in read(plan).procedures[0].steps] == [StepKind.COMMAND] * 2


def test_a_head_longer_than_any_head_is_not_parsed() -> None:
    document = read(f"---\nservice: {'x' * 9_000}\n---\n{STEPS}")
    assert codes(document)["front-matter"] == 1
    assert document.front_matter.lines == (1, 3)


def test_a_text_with_more_places_to_fill_in_than_anybody_fills_is_read() -> None:
    document = read("# Rollback\n## Rollback steps\n- " + "{{a}} " * 40_000)
    assert len(document.placeholders) == 1
