"""The plan this console was made for: everything in it, and everything wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollback_console.documents import choices_of, read, report, resolve
from rollback_console.documents.choices import DocumentChoice
from rollback_console.documents.edit.writer import apply_fix
from rollback_console.documents.model import PlanDocument, Severity, Step, StepKind
from rollback_console.documents.shell.render import render_script

SEED = Path(__file__).with_name("seed.md").read_text()


@pytest.fixture(scope="module")
def plan() -> PlanDocument:
    return read(SEED)


@pytest.fixture(scope="module")
def fixed() -> PlanDocument:
    """The plan after every ready fix, in the order a person would click them."""
    document = read(SEED)
    for _ in range(20):
        finding = next((one for one in document.findings if one.fix), None)
        if finding is None:
            return document
        document = read(apply_fix(document, finding))
    raise AssertionError("The fixes never come to an end.")


def steps(document: PlanDocument, procedure: int = 0) -> tuple[Step, ...]:
    return document.procedures[procedure].steps


def codes(document: PlanDocument, line: int = 0) -> list[str]:
    return [one.code for one in document.findings if not line or one.line == line]


def test_the_head_gives_title_environment_date_and_a_lead_to_fill(plan: PlanDocument) -> None:
    assert plan.title == "Implement User Authentication System"
    assert (plan.environment, plan.date) == ("STAGING", "2025-11-12 01:10:44")
    assert plan.lead == ""
    assert ("field-empty", 6) in [(one.code, one.line) for one in plan.findings]


def test_triggers_decision_and_ladder_are_read(plan: PlanDocument) -> None:
    assert len(plan.triggers) == 5
    assert plan.decision.primary == ("Deploy Lead",)
    assert plan.decision.escalate_to == ("DevOps Lead", "CTO")
    assert "ladder-to-confirm" in codes(plan)


def test_the_five_steps_keep_their_numbers_titles_and_lines(plan: PlanDocument) -> None:
    assert [(one.number, one.title, one.lines) for one in steps(plan)] == [
        (1, "Stop Services", (27, 31)),
        (2, "Restore Code", (33, 41)),
        (3, "Restore Database", (43, 54)),
        (4, "Restart Services", (56, 63)),
        (5, "Verify Rollback", (65, 72)),
    ]
    assert [one.kind for one in steps(plan)][3:] == [StepKind.COMMAND, StepKind.VERIFY]


def test_restoring_code_fetches_first_and_then_goes_one_of_two_ways(plan: PlanDocument) -> None:
    step = steps(plan)[1]
    assert [one.text for one in step.commands] == ["git fetch origin"]
    assert [[c.text for c in way.commands] for way in step.alternatives] == [
        ["git checkout <previous-commit-sha>"],
        ["git checkout pre-deploy-YYYYMMDD-HHMMSS"],
    ]
    assert [one.text for one in resolve(step, 1)] == [
        "git fetch origin",
        "git checkout pre-deploy-YYYYMMDD-HHMMSS",
    ]


def test_restoring_the_database_is_conditional_destructive_and_a_choice(plan: PlanDocument) -> None:
    step = steps(plan)[2]
    assert step.condition == "ONLY if migrations were run and caused issues"
    assert step.destructive
    assert step.warnings == ("WARNING: This will lose any data created since deployment",)
    assert [len(way.commands) for way in step.alternatives] == [1, 2]
    assert step.commands == ()


def test_a_person_is_asked_for_each_choice_and_condition(plan: PlanDocument) -> None:
    choices = [(one.title, len(one.alternatives), bool(one.condition)) for one in _asked(plan)]
    assert choices == [("Restore Code", 2, False), ("Restore Database", 2, True)]


def _asked(plan: PlanDocument) -> list[DocumentChoice]:
    return list(choices_of(plan.procedures[0]))


def test_keeping_the_database_is_a_procedure_of_its_own(plan: PlanDocument) -> None:
    assert [one.name for one in plan.procedures] == [
        "Rollback Steps",
        "Keep DB as-is, only rollback code",
    ]
    assert [one.number for one in steps(plan, 1)] == [1, 2, 4, 5]
    assert plan.procedures[1].derived


def test_lists_are_complete(plan: PlanDocument) -> None:
    result = report(plan)
    assert len(result["checks"]) == 6
    assert [len(result["actions"][when]) for when in ("immediate", "follow_up")] == [4, 4]
    assert len(result["notify"]) == 4
    assert len(result["prevention"]) == 3
    assert [(one["low"], one["high"]) for one in result["estimates"]] == [
        (5, 10),
        (15, 30),
        (30, 60),
    ]
    assert [note.label for note in plan.data.classes] == [
        "Safe to rollback",
        "DANGEROUS",
        "Requires data migration",
    ]
    assert len(plan.data.losses) == 3


def test_the_message_has_three_slots(plan: PlanDocument) -> None:
    (message,) = plan.messages
    assert message.slots == ("[describe reason]", "[time]", "[frequency]")
    assert message.text.startswith("ROLLBACK IN PROGRESS\n\nFeature:")


def test_every_placeholder_is_found_and_nothing_else(plan: PlanDocument) -> None:
    assert [(one.text, one.kind.value, one.name) for one in plan.placeholders] == [
        ("_________", "text", "ROLLBACK_LEAD"),
        ("<previous-commit-sha>", "commit", "PREVIOUS_COMMIT_SHA"),
        ("YYYYMMDD-HHMMSS", "tag", "PRE_DEPLOY_TAG"),
        ("YYYYMMDD_HHMMSS", "file", "BACKUP_FILE"),
        ("<app_name>", "app", "APP_NAME"),
        ("<previous_migration_number>", "migration", "PREVIOUS_MIGRATION_NUMBER"),
        ("[describe reason]", "text", "REASON"),
        ("[time]", "text", "TIME"),
        ("[frequency]", "text", "FREQUENCY"),
    ]


def test_the_two_moments_are_two_parameters_and_each_a_whole_word(plan: PlanDocument) -> None:
    units = {one.name: one.unit for one in plan.placeholders}
    assert units["PRE_DEPLOY_TAG"] == "pre-deploy-YYYYMMDD-HHMMSS"
    assert units["BACKUP_FILE"] == "backup_YYYYMMDD_HHMMSS.sql"


def test_every_line_is_understood(plan: PlanDocument) -> None:
    assert plan.unmapped == ()


@pytest.mark.parametrize(
    ("code", "line", "severity"),
    [
        ("alternatives-in-one-fence", 37, Severity.WARNING),
        ("alternatives-in-one-fence", 49, Severity.WARNING),
        ("reversal-after-checkout", 53, Severity.ERROR),
        ("password-in-arguments", 49, Severity.ERROR),
        ("directory-not-carried", 71, Severity.ERROR),
        ("no-working-directory", 36, Severity.WARNING),
        ("no-dump-before-restore", 49, Severity.ERROR),
        ("exit-code-only", 65, Severity.WARNING),
        ("additive-is-not-safe", 79, Severity.WARNING),
        ("restores-over", 49, Severity.WARNING),
        ("variable-never-set", 49, Severity.WARNING),
    ],
)
def test_what_is_wrong_with_it_is_said(
    plan: PlanDocument, code: str, line: int, severity: Severity
) -> None:
    result = {(one.code, one.line): one for one in plan.findings}
    assert result[code, line].severity is severity
    assert result[code, line].message.endswith(".")


def test_the_chosen_way_becomes_a_script_that_holds_no_value(plan: PlanDocument) -> None:
    names = {one.unit: one.name for one in plan.placeholders}
    script = render_script(resolve(steps(plan)[1], 1), names)
    assert script.text == 'set -e\ngit fetch origin\ngit checkout "${PRE_DEPLOY_TAG}"\n'
    restore = render_script(resolve(steps(plan)[2], 0), names)
    assert restore.environment_names == ("BACKUP_FILE",)
    assert restore.variables == ("DB_HOST", "DB_PASSWORD", "DB_USER")


def test_the_fixes_leave_no_error(fixed: PlanDocument) -> None:
    assert [one.code for one in fixed.findings if one.severity is Severity.ERROR] == []


def test_the_fixed_plan_reverses_migrations_before_the_old_code_is_back(
    fixed: PlanDocument,
) -> None:
    assert [(one.number, one.title) for one in steps(fixed)] == [
        (1, "Stop Services"),
        (2, "Restore Database"),
        (3, "Restore Code"),
        (4, "Restart Services"),
        (5, "Verify Rollback"),
    ]


def test_the_fixed_plan_dumps_first_and_shows_no_password(fixed: PlanDocument) -> None:
    step = steps(fixed)[1]
    (dump,) = step.commands
    assert dump.text.startswith("mysqldump --defaults-extra-file=<mysql-defaults-file> -h $DB_HOST")
    assert [len(way.commands) for way in step.alternatives] == [1, 2]
    assert step.condition == "ONLY if migrations were run and caused issues"
    assert "$DB_PASSWORD" not in fixed.source


def test_the_fixed_plan_goes_where_its_smoke_tests_are(fixed: PlanDocument) -> None:
    assert [one.text for one in steps(fixed)[4].commands] == [
        "curl -f http://localhost/api/health",
        "cd api/callcentersite",
        "python manage.py test callcentersite.tests.smoke_tests --tag=smoke",
    ]


def test_a_fix_touches_only_its_own_lines(plan: PlanDocument) -> None:
    finding = next(one for one in plan.findings if one.code == "password-in-arguments")
    before, after = SEED.split("\n"), apply_fix(plan, finding).split("\n")
    assert [at for at, (a, b) in enumerate(zip(before, after, strict=True), 1) if a != b] == [49]
