"""The rules by which a proposal is made, each with a plan of a few lines."""

from __future__ import annotations

import pytest

from rollback_console.documents import read, report
from rollback_console.documents.model import (
    Certainty,
    PlanDocument,
    RelationKind,
    Role,
    Step,
    StepKind,
)

HEAD = "# Rollback\n## Rollback steps\n"


def fence(*rows: str) -> str:
    return "```bash\n" + "\n".join(rows) + "\n```\n"


def steps(document: PlanDocument) -> list[Step]:
    return [step for one in document.procedures if not one.derived for step in one.steps]


def ways(document: PlanDocument) -> list[list[list[str]]]:
    """The commands of each step of each procedure; of alternatives, one list each."""
    return [[[c.text for c in step.commands] for step in one.steps] for one in document.procedures]


def roles(document: PlanDocument) -> dict[str, str]:
    return {one.text: one.reason or one.role.value for one in document.commands}


def codes(document: PlanDocument) -> set[str]:
    return {finding.code for finding in document.findings}


WORDS = (
    "Trigger the job",
    "Contact DNS",
    "Phone home",
    "Timeline reset",
    "Symptom reset",
    "Duration",
    "Template reset",
)


@pytest.mark.parametrize("words", WORDS)
def test_a_counted_heading_with_commands_is_a_step_whatever_its_words(words: str) -> None:
    document = read(f"{HEAD}### 1. {words}\n{fence('a b')}### 2. Start\n{fence('c d')}")
    assert ways(document) == [[["a b"], ["c d"]]]


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("Prerequisites", Role.PRECONDITION),
        ("Before you start", Role.PRECONDITION),
        ("After the rollback", Role.ACTION),
        ("Prevention", Role.ACTION),
        ("Health checks", Role.CHECK),
        ("Notify", Role.MESSAGE),
    ],
)
def test_commands_around_the_steps_have_the_role_of_their_heading(heading: str, role: Role) -> None:
    document = read(f"{HEAD}{fence('undo it')}## {heading}\n{fence('curl -f x')}")
    assert {one.text: one.role for one in document.commands} == {
        "undo it": Role.STEP,
        "curl -f x": role,
    }
    assert ways(document) == [[["undo it"]]]


def test_parts_with_their_own_conditions_are_ways() -> None:
    part = "### {0}\n**Use when:** {0} is slow\n" + fence("reset {0}")
    document = read("# Rollback\n## Rollback\n" + part.format("Search") + part.format("Cart"))
    assert [one.condition for one in document.procedures] == [
        "Use when: Search is slow",
        "Use when: Cart is slow",
    ]
    assert document.relations[0].kind is RelationKind.WAYS


def test_chapters_counted_from_one_are_one_run_whichever_of_them_speaks_of_going_back() -> None:
    text = "".join(
        f"## {at}. {name}\n{fence(f'do {at}')}"
        for at, name in enumerate(("Look", "Roll back", "Sync"), 1)
    )
    document = read(f"# Rollback runbook\n{text}")
    assert ways(document) == [[["do 1"], ["do 2"], ["do 3"]]]
    assert document.relations[0].kind is RelationKind.ORDER


def test_where_both_readings_fit_the_parts_stand_apart_and_a_person_is_asked() -> None:
    text = f"## Application rollback\n{fence('undo app')}## Database rollback\n{fence('undo db')}"
    document = read(f"# Rollback\n{text}")
    assert ways(document) == [[["undo app"]], [["undo db"]]]
    (question,) = document.questions
    assert (question.kind, [value for value, _ in question.answers]) == (
        "relation",
        ["ways", "order"],
    )
    assert question.members == tuple(one.key for one in document.procedures)
    assert {one.certainty for one in document.commands} == {Certainty.UNSURE}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("# If running as a service", "# If running by hand"),
        ("# For Ubuntu", "# For RHEL"),
        ("# --- PostgreSQL ---", "# --- MySQL ---"),
        ("# Docker method:", "# Git method:"),
        ("# Stop it", "# oder"),
        ("# Stop it", "# или"),
    ],
)
def test_variants_in_a_fence_are_alternatives(first: str, second: str) -> None:
    (step,) = steps(read(HEAD + fence(first, "svc one", second, "svc two")))
    assert [[c.text for c in way.commands] for way in step.alternatives] == [
        ["svc one"],
        ["svc two"],
    ]


def test_a_condition_behind_a_command_is_of_that_command_alone() -> None:
    (step,) = steps(
        read(HEAD + fence("app stop", "db restore  # only if the schema changed", "app start"))
    )
    assert [c.text for c in step.commands] == ["app stop"]
    assert [len(way.commands) for way in step.alternatives] == [2, 1]
    assert step.alternatives[0].condition == "only if the schema changed"


def test_what_follows_a_look_at_the_output_waits_for_a_person() -> None:
    first, second = steps(read(HEAD + fence("app plan", "# If the plan looks right", "app apply")))
    assert (first.settings.gate, second.settings.gate) == (False, True)


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("Example:", "an example"),
        ("For reference only:", "only for reference"),
        ("Test locally:", "a test or a drill"),
        ("Expected output:", "expected output"),
        ("You should see:", "expected output"),
        ("Never run this on production:", "shown as a mistake"),
        ("The workflow will:", "what a workflow does by itself"),
        ("File: `bin/undo.sh`", "the content of a file"),
        ("Next day:", "not now"),
    ],
)
def test_what_a_label_takes_out_runs_nowhere_and_says_why(label: str, reason: str) -> None:
    document = read(f"{HEAD}### Step 1: Undo\n{fence('undo it')}\n{label}\n\n{fence('do that')}")
    assert roles(document) == {"undo it": "step", "do that": reason}


@pytest.mark.parametrize(
    ("heading", "reason"),
    [
        ("Pre-deployment checklist", "belongs to the deployment"),
        ("How deploys work", "what a workflow does by itself"),
        ("Useful commands", "only for reference"),
        ("Monitoring", "watches the system"),
        ("Troubleshooting", "for when something goes wrong"),
        ("If the rollback fails", "for when something goes wrong"),
        ("Investigation", "looks into the cause"),
        ("Backup strategy", "makes backups"),
        ("What is not covered", "a limit, not an act"),
        ("Anexo", "only for reference"),
    ],
)
def test_what_a_heading_takes_out_runs_nowhere_and_says_why(heading: str, reason: str) -> None:
    document = read(f"{HEAD}{fence('undo it')}## {heading}\n{fence('do that')}")
    assert roles(document) == {"undo it": "step", "do that": reason}


def test_a_word_in_a_sentence_makes_no_fence_output() -> None:
    (step,) = steps(
        read(
            f"{HEAD}### Step 1: Drain\nThe bad output should be drained at once:\n{fence('lb drain x')}"
        )
    )
    assert [c.text for c in step.commands] == ["lb drain x"]


def test_a_heading_that_says_nothing_is_asked_about_and_not_run() -> None:
    document = read(f"{HEAD}{fence('undo it')}## Stateful workloads\n{fence('restore all')}")
    assert [step.kind for step in steps(document)] == [StepKind.COMMAND, StepKind.MANUAL]
    assert [question.kind for question in document.questions] == ["role"]


def test_a_check_that_changes_something_is_no_check() -> None:
    document = read(f"{HEAD}{fence('undo it')}## Verification\n{fence('systemctl restart shop')}")
    assert not any(check.commands for check in document.checks)
    assert roles(document)["systemctl restart shop"].startswith("changes something")


def test_the_same_command_with_two_values_is_a_choice() -> None:
    rows = (
        "# To blue",
        "svc patch web --colour=blue",
        "# To green",
        "svc patch web --colour=green",
    )
    (step,) = steps(read(HEAD + fence(*rows)))
    assert len(step.alternatives) == 2
    assert "read-as-alternatives" in codes(read(HEAD + fence(*rows)))


def test_an_item_that_begins_with_or_belongs_to_the_one_above_it() -> None:
    text = f"1. Undo\n   {fence('undo a').replace(chr(10), chr(10) + '   ')}\n2. Or by hand\n   {fence('undo b').replace(chr(10), chr(10) + '   ')}"
    (step,) = steps(read(HEAD + text))
    assert len(step.alternatives) == 2


def test_a_step_for_when_the_one_before_failed_is_conditional() -> None:
    document = read(
        f"{HEAD}### 1. Restore\n{fence('restore x')}### 2. If the restore fails\n{fence('restore y')}"
    )
    assert [step.condition for step in steps(document)] == ["", "If the restore fails"]


def test_a_fence_that_opens_with_the_name_of_its_file_is_that_file() -> None:
    document = read(
        f"{HEAD}{fence('undo it')}### Script\n{fence('# Save this as bin/undo.sh', 'set -e', '# 1. Stop', 'svc stop', '# 2. Start', 'svc start')}"
    )
    assert [c.text for step in steps(document) for c in step.commands] == ["undo it"]


def test_chapters_that_hold_several_rollbacks_each_are_never_one_run() -> None:
    part = (
        "### {0}. {1} rollback\n#### With systemd\n"
        + fence("svc {1}")
        + "#### With docker\n"
        + fence("docker {1}")
    )
    document = read(
        "# Rollback\n## Rollback procedures\n" + part.format(1, "Worker") + part.format(2, "Plane")
    )
    assert all(len(step.commands) <= 1 for step in steps(document))
    assert len(document.procedures) == 4


def test_what_gives_back_what_an_emergency_took_is_not_run_with_it() -> None:
    document = read(
        f"{HEAD}### Suspend\n{fence('svc suspend x')}To reactivate after the issue is resolved:\n\n{fence('svc reactivate x')}"
    )
    assert roles(document)["svc reactivate x"] == "not now"


def test_yaml_in_a_shell_fence_is_no_shell() -> None:
    (step,) = steps(
        read(HEAD + fence("nano compose.yml", "services:", "  api:", "    image: shop:1"))
    )
    assert step.kind is StepKind.MANUAL


def test_reverting_and_resetting_are_two_ways_to_undo_the_same() -> None:
    rows = (
        "# Revert (safe)",
        "git revert --no-edit HEAD",
        "git push",
        "",
        "# Reset (careful)",
        "git reset --hard v1",
        "git push --force",
    )
    (step,) = steps(read(HEAD + fence(*rows)))
    assert [len(way.commands) for way in step.alternatives] == [2, 2]


def test_layers_that_are_only_counted_as_chapters_are_asked_about() -> None:
    text = "".join(
        f"## {at}. {name}\n{fence(f'undo {at}')}"
        for at, name in (
            (3, "Code rollback strategy"),
            (4, "Infrastructure rollback"),
            (5, "Database rollback policy"),
        )
    )
    document = read(f"# Rollback plan\n## 1. Objective\nBack.\n{text}")
    assert [question.kind for question in document.questions] == ["relation"]
    assert len(document.procedures) == 3


def test_where_prose_says_to_choose_only_one_of_the_targets_is_written() -> None:
    rows = (
        "# On the host:",
        "svc show a > /srv/a",
        "",
        "# In the container:",
        "svc show b > /srv/b",
    )
    text = f"### 1. Take it\n{fence('svc take x')}\n**2. Put it back** (pick the right target)\n\n{fence(*rows)}"
    *_, step = steps(read(HEAD + text))
    assert not step.commands
    assert [way.label for way in step.alternatives] == ["On the host:", "In the container:"]


def test_what_is_forbidden_is_no_step() -> None:
    document = read(
        f"{HEAD}{fence('undo it')}## Forbidden during rollback\n1. Hotfixing\n2. Live debugging\n"
    )
    assert [note.text for note in document.no_go] == ["Hotfixing", "Live debugging"]
    assert len(document.procedures) == 1


def test_a_sign_off_list_names_nobody_who_decides() -> None:
    assert not read(f"{HEAD}{fence('a b')}## Sign-off\n- **CTO:** approved\n").decision.primary


def test_several_findings_of_one_cause_are_one() -> None:
    document = read(
        HEAD
        + "".join(
            f"### Step {at}: s{at}\n{fence('npm ci', f'use $NAME_{at}')}" for at in range(1, 9)
        )
    )
    assert len([one for one in document.findings if one.code == "no-working-directory"]) == 1
    (unset,) = [one for one in document.findings if one.code == "variable-never-set"]
    assert "NAME_1, NAME_2" in unset.message
    order = [one.severity for one in document.findings]
    assert order == sorted(order, key=["error", "warning", "note"].index)


def test_sections_that_became_nothing_are_one_line() -> None:
    document = read(f"{HEAD}{fence('a b')}## Weather\n\nSunny.\n\nWarm.\n\n## Sea\n\nCalm.\n")
    assert len([one for one in document.findings if one.code == "not-understood"]) == 1


def test_a_plan_in_no_language_known_is_read_by_its_structure_and_says_so() -> None:
    document = read(
        f"# Tervis\n## Kuidas\n### 1. Peata\n{fence('svc stop')}### 2. Taasta\n{fence('svc old')}"
    )
    assert {step.kind for step in steps(document)} == {StepKind.MANUAL}
    assert "read-by-structure" in codes(document)


def test_only_values_may_differ_between_plans_of_one_shape() -> None:
    plan = "# Rollback Plan\n**Environment**: {0}\n**Date**: {1}\n## Rollback steps\n" + fence(
        "svc undo app-{0}", "git checkout <tag>{2}"
    )
    shapes = [
        report(read(plan.format(*v)))["shape"]
        for v in (
            ("prod", "2025-01-01", ""),
            ("test", "2025-02-02", ""),
            ("prod", "2025-01-01", " -f"),
        )
    ]
    assert shapes[0] == shapes[1]
    assert shapes[0] != shapes[2]


def test_a_proposal_is_not_confirmed() -> None:
    assert report(read(HEAD + fence("a b")))["confirmed"] is False
