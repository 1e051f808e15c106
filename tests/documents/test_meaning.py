"""What an author means where a careless reading would run too much."""

from __future__ import annotations

from rollback_console.documents import read
from rollback_console.documents.model import PlanDocument, Step, StepKind

HEAD = "# Rollback\n## Rollback steps\n"


def steps(text: str) -> list[Step]:
    return [step for one in read(text).procedures for step in one.steps]


def codes(document: PlanDocument) -> set[str]:
    return {finding.code for finding in document.findings}


def test_what_is_put_off_is_no_step() -> None:
    late = "### Delete the topic, a week later\n```sh\nkafka-topics --delete\n```\n"
    document = read(f"{HEAD}### Stop\n```sh\nsystemctl stop a\n```\n{late}")
    assert [step.title for step in document.procedures[0].steps] == ["Stop"]
    assert document.commands[1].reason == "not now"


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


def test_a_counted_comment_that_begins_with_or_is_another_way() -> None:
    text = "# 1. Find it\ngit log\n# 2. Revert it\ngit revert <sha>\n# 3. Or take a good one\n"
    parsed = steps(f"{HEAD}```bash\n{text}git cherry-pick <good>\n# 4. Publish\ngit push\n```\n")
    assert [step.title for step in parsed] == ["Find it", "Revert it", "Publish"]
    assert [way.commands[0].text for way in parsed[1].alternatives] == [
        "git revert <sha>",
        "git cherry-pick <good>",
    ]


def test_what_is_for_one_case_is_never_run_with_what_is_for_another() -> None:
    fence = "#### For {0}\n```sh\ngit checkout main-{0}\nmake {0}\n```\n"
    text = "### Method 1: Revert\n" + fence.format("staging") + fence.format("production")
    assert [len(one.steps) for one in read(HEAD + text).procedures] == [1, 1]


def test_what_speaks_for_or_against_a_way_is_no_way() -> None:
    text = (
        "### {}\n**Advantages:**\n- quick\n- safe\n\n**Disadvantages:**\n- dear\n```sh\n{}\n```\n"
    )
    document = read(HEAD + text.format("Option A: switch", "switch blue"))
    assert [one.name for one in document.procedures] == ["Option A: switch"]
    assert [c.text for c in document.procedures[0].steps[0].commands] == ["switch blue"]


def test_trying_a_rollback_out_is_not_rolling_back() -> None:
    text = "```sh\nsystemctl stop shop\n```\n## Testing rollback\n### Test automatic rollback\n"
    (step,) = steps(f"{HEAD}{text}```sh\necho broken >> app.py\ngit push origin develop\n```\n")
    assert [command.text for command in step.commands] == ["systemctl stop shop"]


def test_what_a_command_prints_when_it_worked_is_no_step() -> None:
    text = (
        "Run it:\n\n```bash\n./rollback.sh\n```\n\nExpected successful output looks like this:\n\n"
    )
    (step,) = steps(f"{HEAD}{text}```text\nStarting\nDone\n```\n")
    assert [command.text for command in step.commands] == ["./rollback.sh"]
    assert "Starting\nDone" in step.expected


def test_lines_of_a_settings_file_are_not_commands() -> None:
    text = (
        "### Step 1: Allow it\nAdd the address to its settings:\n```\nORIGINS=https://a.test\n```\n"
    )
    assert [step.kind for step in steps(HEAD + text)] == [StepKind.MANUAL]


def test_a_title_that_begins_with_the_rollback_is_about_it_whatever_it_undoes() -> None:
    text = "# Runbook: Rollback (bad deploy)\n## Symptoms\n- 5xx\n## Rollback\n```sh\nundo\n```\n"
    assert [trigger.text for trigger in read(text).triggers] == ["5xx"]
    both = "# Deploy and rollback\n## Steps\n```sh\nship\n```\n## Rollback\n```sh\nundo\n```\n"
    assert [[c.text for c in step.commands] for step in steps(both)] == [["undo"]]


def test_a_plan_says_when_in_spanish() -> None:
    document = read("# Plan de rollback\n## Cuándo se dispara un rollback\n1. Falla el login\n")
    assert [trigger.text for trigger in document.triggers] == ["Falla el login"]
