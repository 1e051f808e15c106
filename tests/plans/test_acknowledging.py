"""A finding that may stay is acknowledged with a reason, and only while it is the same."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command

from rollback_console.audit.integrity.row_comparison import configuration_row_flaws
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.plans.acknowledgement import ListedFinding, list_findings
from rollback_console.plans.actions import plans
from rollback_console.plans.errors import PlanError
from rollback_console.plans.models import Acknowledgement, Revision
from tests.make import PLAN, Stage

pytestmark = pytest.mark.django_db

WITHOUT_FOLDER = PLAN.replace("echo restoring", "python manage.py migrate")
CODE = "no-working-directory"


def imported(stage: Stage, text: str = WITHOUT_FOLDER) -> Revision:
    return plans.import_document(
        text.encode(), by=stage.cast.dana, service=stage.service, environment=stage.environment
    )


def flaws() -> list[str]:
    """What the record does not say of acknowledged findings."""
    return [each.what for each in configuration_row_flaws() if "acknowledged" in each.what]


def finding(revision: Revision, code: str = CODE) -> ListedFinding:
    return next(one for one in list_findings(revision) if one.finding.code == code)


def acknowledged(stage: Stage, revision: Revision, code: str = CODE) -> Acknowledgement:
    return plans.acknowledge_finding(
        revision, by=stage.cast.dana, finding=finding(revision, code).key, reason="It is /srv/app."
    )


def revised(stage: Stage, before: Revision, old: str, new: str) -> Revision:
    text = bytes(before.source).decode()
    assert old in text
    return plans.revise(before.plan, text.replace(old, new).encode(), by=stage.cast.sam)


def test_an_acknowledgement_names_who_when_and_why_and_is_on_record(stage: Stage) -> None:
    revision = imported(stage)
    row = acknowledged(stage, revision)
    assert finding(revision).acknowledgement == row
    assert (row.by, row.reason, row.code) == (stage.cast.dana, "It is /srv/app.", CODE)
    event = ConfigurationEvent.objects.get(kind="plan.finding_acknowledged")
    assert event.by == stage.cast.dana
    assert (event.facts["reason"], event.facts["revision"]) == ("It is /srv/app.", 1)
    assert not flaws()
    Acknowledgement.objects.update(reason="Anything")
    assert flaws()


def test_it_is_taken_back_on_record(stage: Stage) -> None:
    revision = imported(stage)
    key = acknowledged(stage, revision).finding
    plans.withdraw_acknowledgement(revision, by=stage.cast.ada, finding=key)
    assert finding(revision).acknowledgement is None
    event = ConfigurationEvent.objects.get(kind="plan.acknowledgement_withdrawn")
    assert event.by == stage.cast.ada
    assert not flaws()
    with pytest.raises(PlanError, match="Nobody has acknowledged"):
        plans.withdraw_acknowledgement(revision, by=stage.cast.ada, finding=key)


def test_only_who_may_change_the_plan_acknowledges(stage: Stage) -> None:
    revision = imported(stage)
    key = finding(revision).key
    with pytest.raises(PermissionDenied):
        plans.acknowledge_finding(revision, by=stage.cast.vic, finding=key, reason="Fine.")
    acknowledged(stage, revision)
    with pytest.raises(PermissionDenied):
        plans.withdraw_acknowledgement(revision, by=stage.cast.vic, finding=key)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("```bash\necho restoring", "```bash sudo=yes\necho restoring", "bad-attribute"),
        ("# Rollback Plan", "---\nx: [\n---\n\n# Rollback Plan", "front-matter"),
        ("echo restoring", "echo \u202erestoring", "hidden-character"),
    ],
)
def test_an_error_is_corrected_and_never_acknowledged(
    stage: Stage, old: str, new: str, code: str
) -> None:
    revision = imported(stage, PLAN.replace(old, new))
    with pytest.raises(PlanError, match="This is an error"):
        acknowledged(stage, revision, code)


def test_a_reason_is_needed_and_one_person_is_enough(stage: Stage) -> None:
    revision = imported(stage)
    key = finding(revision).key
    with pytest.raises(PlanError, match="Say why"):
        plans.acknowledge_finding(revision, by=stage.cast.dana, finding=key, reason=" ")
    acknowledged(stage, revision)
    with pytest.raises(PlanError, match="acknowledged this already"):
        acknowledged(stage, revision)
    with pytest.raises(PlanError, match="no such finding"):
        plans.acknowledge_finding(revision, by=stage.cast.dana, finding="0" * 64, reason="Fine.")


def test_it_is_carried_on_while_the_finding_is_the_same(stage: Stage) -> None:
    row = acknowledged(stage, imported(stage))
    confirmed = plans.confirm_arrangement(row.revision, by=stage.cast.ada)
    bound = plans.bind_steps(confirmed, by=stage.cast.ada, bindings={"hosts": stage.host.name})
    longer = revised(stage, bound, "- Health checks failing", "- Nothing\n- Health checks failing")
    for revision in (confirmed, bound, longer):
        kept = finding(revision).acknowledgement
        assert kept is not None
        assert (kept.by, kept.at, kept.reason) == (row.by, row.at, row.reason)
    assert not flaws()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("python manage.py migrate", "python manage.py migrate --fake"),
        ("python manage.py migrate", "python manage.py migrate\npython manage.py flush"),
        ("echo starting", "echo started"),
    ],
)
def test_another_text_or_shape_has_to_be_acknowledged_anew(
    stage: Stage, old: str, new: str
) -> None:
    row = acknowledged(stage, imported(stage))
    assert finding(revised(stage, row.revision, old, new)).acknowledgement is None


def test_another_value_of_the_same_shape_has_to_be_acknowledged_anew(stage: Stage) -> None:
    text = WITHOUT_FOLDER.replace("manage.py migrate", 'manage.py note "Checkout 2"')
    row = acknowledged(stage, imported(stage, text))
    later = revised(stage, row.revision, "Checkout 2", "Checkout 3")
    assert finding(later).acknowledgement is None


def test_an_account_given_while_arranging_has_to_be_acknowledged_anew(stage: Stage) -> None:
    row = acknowledged(stage, imported(stage))
    operation = {"do": "edit", "step": "s2", "settings": "user=root"}
    operation |= {"title": "Restore Code", "kind": "command", "condition": "", "warnings": ""}
    plans.change_arrangement(row.revision, by=stage.cast.dana, operation=operation, version=0)
    confirmed = plans.confirm_arrangement(row.revision, by=stage.cast.ada)
    assert b"user=root" in bytes(confirmed.source)
    assert finding(confirmed).acknowledgement is None


def test_one_more_place_of_the_same_cause_has_to_be_acknowledged_anew(stage: Stage) -> None:
    two = WITHOUT_FOLDER.replace("echo starting", "python manage.py check")
    row = acknowledged(stage, imported(stage, two))
    other = revised(stage, row.revision, "python manage.py check", "python manage.py flush")
    assert finding(other).acknowledgement is None


def test_the_import_report_says_what_is_acknowledged(stage: Stage, tmp_path: Path) -> None:
    acknowledged(stage, imported(stage))
    document = tmp_path / "plan.md"
    document.write_text(WITHOUT_FOLDER + "\nThe end.\n")
    out = StringIO()
    call_command(
        "import_plan",
        str(document),
        json=True,
        service=stage.service.slug,
        environment=stage.environment.slug,
        by="dana",
        stdout=out,
        stderr=StringIO(),
    )
    findings = {each["code"]: each for each in json.loads(out.getvalue())["findings"]}
    assert findings[CODE]["acknowledged"]["by"] == "Dana Example"
    assert findings[CODE]["acknowledged"]["reason"] == "It is /srv/app."


def test_printed_reports_hold_no_character_that_turns_a_terminal_around(
    tmp_path: Path,
) -> None:
    document = tmp_path / "plan.md"
    document.write_text(PLAN.replace("Stop", "Stop \u202egnihton\u2066 \x9b31m"))
    for as_json in (True, False):
        out = StringIO()
        call_command("import_plan", str(document), json=as_json, stdout=out)
        assert not {"\u202e", "\u2066", "\x9b"} & set(out.getvalue())
        if as_json:
            steps = json.loads(out.getvalue())["procedures"][0]["steps"]
            assert "\u202e" in steps[0]["title"]
