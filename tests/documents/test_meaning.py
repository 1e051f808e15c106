"""What an author means where a careless reading would run too much."""

from __future__ import annotations

from rollback_console.documents import read
from rollback_console.documents.model import PlanDocument, Step, StepKind

HEAD = "# Rollback\n## Rollback steps\n"


def steps(text: str) -> list[Step]:
    return [step for one in read(text).procedures for step in one.steps]


def codes(document: PlanDocument) -> set[str]:
    return {finding.code for finding in document.findings}


def test_a_step_put_off_is_done_by_hand() -> None:
    document = read(
        HEAD + "### Delete the topic, a week later\n```sh\nkafka-topics --delete\n```\n"
    )
    assert document.procedures[0].steps[0].kind is StepKind.MANUAL
    assert "put-off" in codes(document)


def test_what_replaces_a_failed_command_is_another_way() -> None:
    text = "```sh\ncurl a\n```\nIf that returns 503, purge all instead:\n```sh\ncurl b\n```\n"
    (step,) = steps(HEAD + text)
    assert [[c.text for c in way.commands] for way in step.alternatives] == [["curl a"], ["curl b"]]
    assert step.alternatives[1].fallback


def test_folded_texts_named_by_platform_are_ways() -> None:
    folded = "<details>\n<summary>{}</summary>\n\n```sh\n{}\n```\n\n</details>\n\n"
    text = folded.format("AWS", "aws s3 cp a b") + folded.format("GCP (DR only)", "gsutil cp a b")
    (step,) = steps(f"{HEAD}### Step 1: Point\n{text}")
    assert len(step.alternatives) == 2
    assert not step.commands


def test_an_item_under_a_condition_is_conditional() -> None:
    (step,) = steps(HEAD + "- On lb1:\n  - If it says green:\n    - `sudo switch blue`\n")
    assert step.condition == "If it says green"


def test_an_optional_part_of_a_step_may_be_left_out() -> None:
    text = "- On blue:\n  - start\n    ```sh\n    systemctl start a\n    ```\n"
    (step,) = steps(HEAD + text + "  - warm (optional)\n    ```sh\n    /srv/warm\n    ```\n")
    assert [command.text for command in step.commands] == ["systemctl start a"]
    assert [len(way.commands) for way in step.alternatives] == [1, 0]


def test_a_session_typed_into_an_item_is_run_without_its_output() -> None:
    text = "1) plan\n   $ terraform plan\n   Plan: 2 to add\n   if it destroys: STOP, call\n"
    first, second = steps(f"{HEAD}{text}2) apply\n   $ terraform apply x\n")
    assert [(c.text, c.lines) for c in first.commands] == [("terraform plan", (4, 4))]
    assert first.warnings == ("if it destroys: STOP, call",)
    assert [c.text for c in second.commands] == ["terraform apply x"]


def test_what_stands_behind_the_list_is_not_run_as_its_last_step() -> None:
    text = (
        "1. a\n   ```sh\n   ls\n   ```\n\nOnly the state:\n\n```sh\nterraform state push x\n```\n"
    )
    document = read(HEAD + text)
    first, apart = document.procedures[0].steps
    assert [command.text for command in first.commands] == ["ls"]
    assert apart.kind is StepKind.MANUAL
    assert "apart-from-the-list" in codes(document)


def test_phases_under_the_title_are_one_procedure() -> None:
    fence = "```sh\nls\n```\n"
    document = read(f"# Rollback\n## Stage 1 – Halt\n{fence}## Stage 2 – Ship\n{fence}")
    assert [len(one.steps) for one in document.procedures] == [2]


def test_counted_neighbours_of_the_one_that_reverts_are_steps_too() -> None:
    fence = "```sh\nls\n```\n"
    text = "".join(
        f"## {at}. {name}\n{fence}" for at, name in enumerate(("Safe", "Revert", "Open"))
    )
    assert [step.title for step in steps(f"# Reverting V142\n{text}")] == ["Safe", "Revert", "Open"]


def test_steps_no_heading_promises_are_shown_and_not_run() -> None:
    document = read("# Kill switch\n## Flip it\n1. Open the page\n2. `flagctl off x`\n")
    assert {step.kind for one in document.procedures for step in one.steps} == {StepKind.MANUAL}
    assert "guessed-steps" in codes(document)


def test_what_undoes_the_rollback_is_no_procedure() -> None:
    text = "## Undo of this undo\n```sh\nflyway migrate\n```\n"
    assert len(read(f"{HEAD}```sh\nls\n```\n{text}").procedures) == 1


def test_output_below_a_powershell_prompt_is_no_command() -> None:
    (step,) = steps(f"{HEAD}```powershell\nPS C:\\> Get-Service x\n\nStatus\n------\n```\n")
    assert [command.text for command in step.commands] == ["Get-Service x"]


def test_code_in_a_column_of_commands_is_one_whatever_its_program() -> None:
    table = "| Step | Command |\n|-|-|\n| a | `ls x` |\n| b | `sqlplus / @x <POINT>` |\n"
    assert [step.kind for step in steps(HEAD + table)] == [StepKind.COMMAND] * 2


def test_names_sql_quotes_in_brackets_are_not_asked_for() -> None:
    assert not read(f"{HEAD}```sql\nUSE [master];\n```\n").placeholders


def test_a_step_to_skip_on_a_condition_is_conditional() -> None:
    (step,) = steps(f"{HEAD}### Step 3: Database (skip if no migration ran)\n```sh\nls\n```\n")
    assert step.condition == "skip if no migration ran"


def test_the_last_sentence_above_a_fence_says_when_it_applies() -> None:
    (step,) = steps(f"{HEAD}Press the button.\nIf the page is down:\n\n```sh\nls\n```\n")
    assert step.condition == "If the page is down"


def test_a_table_of_fields_is_no_step() -> None:
    table = "| Attribute | Value |\n|-|-|\n| Service | search |\n"
    assert not steps(f"# Rollback of search\n\n{table}\n## Decision\n\nAnyone.\n")
