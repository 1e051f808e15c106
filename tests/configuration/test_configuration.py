"""The configuration as a document: out and in again gives the same console, and nothing is lost
by a mistake in it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import yaml
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from rollback_console.audit.models import ConfigurationEvent
from rollback_console.configuration.apply import apply_configuration, preview_configuration
from rollback_console.configuration.document import ConfigurationError, read_document
from rollback_console.configuration.export import export_configuration, write_document
from rollback_console.plans.models import Credential, Environment, Host, HostKey, Secret, Service
from rollback_console.rollbacks.permissions import groups
from tests.make import KEY, Stage

COMPANY = f"""\
configuration: 1
people:
  ana: {{first_name: Ana, email: ana@example.org, groups: [Operator]}}
  bo: {{groups: [Operator, Admin]}}
services:
  shop: {{name: The shop}}
credentials:
  deploy: {{username: deploy, password: {{value: "s3cret-of-deploy"}}}}
environments:
  production:
    name: Production
    is_production: true
    approvals_data: 1
    secrets: {{DB_PASSWORD: {{value: "s3cret-of-db"}}}}
    decision_makers:
      - {{person: ana, role: CTO, level: 2}}
      - {{person: bo}}
  staging: {{name: Staging, rehearses: production, approvals_data: 1}}
hosts:
  gate: {{environment: production, address: 192.0.2.9, credential: deploy}}
  app-1:
    environment: production
    address: 192.0.2.1
    credential: deploy
    jump: gate
    runner: shell
    groups: [app]
    keys: ["ssh-ed25519 {KEY} root@app-1"]
"""


@pytest.fixture
def empty(db: None) -> None:
    """A console as it is right after its first start."""
    groups.ensure()


def apply(text: str, **options: bool) -> None:
    """Apply a document from the command line."""
    apply_configuration(read_document(text), by=None, may_read=True, **options)


def apply_by_command(path: Path, *options: str) -> str:
    """What `config apply` prints, or says when it refuses."""
    output = io.StringIO()
    try:
        call_command("config", *options, str(path), stdout=output)
    except CommandError as error:
        return f"{output.getvalue()}{error}"
    except SystemExit as ended:
        return f"{output.getvalue()}exit {ended.code}"
    return output.getvalue()


@pytest.mark.usefixtures("empty")
def test_an_empty_console_is_set_up_by_one_document_and_exports_the_same() -> None:
    apply(COMPANY)
    app = Host.objects.get(name="app-1")
    assert (app.jump and app.jump.name, app.address) == ("gate", "192.0.2.1")
    assert app.runner == "shell"
    assert app.keys.get().confirmed_at is not None
    assert Secret.objects.get().value == "s3cret-of-db"
    assert not User.objects.get(username="ana").check_password("")
    production = Environment.objects.get(slug="production")
    assert Environment.objects.get(slug="staging").rehearses == production
    assert [row.user.username for row in production.decision_makers.all()] == ["bo", "ana"]
    exported = write_document(export_configuration())
    assert "s3cret" not in exported
    again = preview_configuration(read_document(exported), may_read=False)
    assert again == []


@pytest.mark.usefixtures("empty")
def test_applying_twice_changes_nothing_and_records_nothing() -> None:
    apply(COMPANY)
    events = ConfigurationEvent.objects.count()
    apply(COMPANY)
    assert ConfigurationEvent.objects.count() == events


@pytest.mark.usefixtures("empty")
def test_every_change_is_on_record_by_itself() -> None:
    apply(COMPANY)
    kinds = set(ConfigurationEvent.objects.values_list("kind", flat=True))
    assert {
        "person.added", "service.added", "credential.added", "environment.added", "secret.set",
        "host_group.added", "host.added", "host_key.confirmed", "ladder.replaced",
        "configuration.applied",
    } <= kinds  # fmt: skip


@pytest.mark.usefixtures("empty")
def test_a_change_is_shown_before_it_is_made() -> None:
    apply(COMPANY)
    changed = COMPANY.replace("192.0.2.1\n", "192.0.2.77\n").replace(
        "is_production: true\n", "is_production: false\n"
    )
    texts = [each.text for each in preview_configuration(read_document(changed), may_read=True)]
    assert texts == [
        "~ environments production: is_production True -> False",
        "~ hosts app-1: address 192.0.2.1 -> 192.0.2.77",
    ]


@pytest.mark.usefixtures("empty")
def test_what_a_document_lacks_stays_unless_it_is_pruned() -> None:
    apply(COMPANY)
    less = (
        COMPANY[: COMPANY.index("  gate:")]
        + "  solo: {environment: staging, address: s, credential: deploy}\n"
    )
    less = less.replace('    secrets: {DB_PASSWORD: {value: "s3cret-of-db"}}\n', "")
    apply(less)
    assert Host.objects.count() == 3
    assert Secret.objects.exists()
    apply(less, prune=True)
    assert [host.name for host in Host.objects.all()] == ["solo"]
    assert not Secret.objects.exists()
    assert Credential.objects.exists()


@pytest.mark.usefixtures("empty")
def test_what_pruning_would_remove_is_said_first_and_then_counted(tmp_path: Path) -> None:
    apply(COMPANY)
    file = tmp_path / "less.yaml"
    file.write_text(COMPANY.replace('    secrets: {DB_PASSWORD: {value: "s3cret-of-db"}}\n', ""))
    for flags, line, code in (((), "? secrets", 0), (("--prune",), "- secrets", 1)):
        out = io.StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command("config", "diff", str(file), *flags, stdout=out)
        assert f"{line} production/DB_PASSWORD" in out.getvalue()
        assert ended.value.code == code
    assert Secret.objects.exists()
    apply(file.read_text(), prune=True)
    event = ConfigurationEvent.objects.filter(kind="configuration.applied").latest("seq")
    assert event.facts["changes"] == 1
    assert not Secret.objects.exists()


@pytest.mark.usefixtures("empty")
def test_one_mistake_and_nothing_of_the_document_is_applied() -> None:
    wrong = COMPANY.replace("jump: gate", "jump: gates")
    with pytest.raises(ConfigurationError, match="hosts app-1: There is no host gates"):
        apply(wrong)
    assert not Service.objects.exists()
    assert not ConfigurationEvent.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "approvals_data: 1\n    secrets",
            "aprovals: 1\n    secrets",
            "Line 13: .*aprovals: is unknown",
        ),
        ("address: 192.0.2.1\n", "address: root@app\n", "it belongs to the credential"),
        ("address: 192.0.2.1\n", "address: app:2222\n", "write address: app and port: 2222"),
        ("{name: The shop}", "{}", "Line 6: services.shop.name: is missing"),
        ("configuration: 1", "configuration: 2", "Line 1: configuration"),
        ("person: bo", "person: [", "this is no YAML"),
        ('{value: "s3cret-of-db"}', "{value: a, env: B}", "exactly one of"),
        ("ssh-ed25519 ", "ssh-dss ", "no public key"),
    ],
)
def test_a_mistake_is_named_with_its_line(old: str, new: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        read_document(COMPANY.replace(old, new, 1))


@pytest.mark.usefixtures("empty")
def test_secrets_come_from_files_and_the_environment_of_the_command_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "password"
    path.write_text("from-a-file\n")
    monkeypatch.setenv("SHOP_DB", "from-the-environment")
    text = COMPANY.replace('{value: "s3cret-of-deploy"}', f"{{file: {path}}}")
    text = text.replace('{value: "s3cret-of-db"}', "{env: SHOP_DB}")
    with pytest.raises(ConfigurationError, match=r"here a secret is written as {value: ...}"):
        apply_configuration(read_document(text), by=None, may_read=False)
    apply(text)
    assert Credential.objects.get().password == "from-a-file"
    assert Secret.objects.get().value == "from-the-environment"


@pytest.mark.usefixtures("empty")
def test_a_stored_secret_that_is_not_there_is_asked_for() -> None:
    with pytest.raises(ConfigurationError, match="has no value here"):
        apply(COMPANY.replace('{value: "s3cret-of-db"}', "{stored: true}"))


@pytest.mark.usefixtures("empty")
def test_a_secret_of_another_value_is_replaced() -> None:
    apply(COMPANY)
    apply(COMPANY.replace("s3cret-of-db", "another-one"))
    assert Secret.objects.get().value == "another-one"


@pytest.mark.usefixtures("empty")
def test_keys_that_a_document_names_are_exactly_those_trusted() -> None:
    apply(COMPANY)
    apply(COMPANY.replace(f'    keys: ["ssh-ed25519 {KEY} root@app-1"]\n', ""))
    assert HostKey.objects.exclude(confirmed_at=None).count() == 1
    apply(COMPANY.replace(f'["ssh-ed25519 {KEY} root@app-1"]', "[]"))
    assert not HostKey.objects.exists()


@pytest.mark.usefixtures("empty")
def test_a_caller_from_elsewhere_cannot_try_guesses_against_a_stored_secret() -> None:
    apply(COMPANY)
    wrong = COMPANY.replace("s3cret-of-db", "a guess")
    right, wrong_texts = (
        [each.key for each in preview_configuration(read_document(text), may_read=False)]
        for text in (COMPANY, wrong)
    )
    assert right == wrong_texts


def test_a_document_full_of_mistakes_names_the_first_fifty() -> None:
    lines = "\n".join(f"  h{n}: {{}}" for n in range(1000))
    with pytest.raises(ConfigurationError) as error:
        read_document(f"configuration: 1\nhosts:\n{lines}\n")
    assert len(error.value.problems) == 51


def test_only_an_admin_applies_a_configuration(stage: Stage) -> None:
    expected_text = export_configuration()
    with pytest.raises(PermissionDenied):
        apply_configuration(expected_text, by=stage.cast.dana, may_read=False)


def test_a_console_in_use_exports_what_changes_nothing(stage: Stage) -> None:
    exported = read_document(write_document(export_configuration()))
    assert preview_configuration(exported, may_read=False) == []


@pytest.mark.usefixtures("empty")
def test_the_command_shows_compares_and_applies(tmp_path: Path) -> None:
    path = tmp_path / "company.yaml"
    path.write_text(COMPANY)
    assert apply_by_command(path, "diff").endswith("exit 1")
    assert "Applied." in apply_by_command(path, "apply", "--yes")
    assert apply_by_command(path, "diff") == "Nothing would change.\nexit 0"
    path.write_text("configuration: 1\nhost: {}\n")
    assert "company.yaml: Line 2: host: is unknown here." in apply_by_command(path, "diff")
    assert "cannot be read" in apply_by_command(tmp_path / "none", "diff")


@pytest.mark.usefixtures("empty")
def test_whoever_does_not_write_yes_is_told_that_nothing_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "company.yaml"
    path.write_text(COMPANY)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert apply_by_command(path, "apply").endswith("Nothing was changed.\n")
    assert not Host.objects.exists()


def test_the_schema_is_one_that_editors_read() -> None:
    output = io.StringIO()
    call_command("config", "schema", stdout=output)
    schema = json.loads(output.getvalue())
    assert set(schema["properties"]) >= {"people", "hosts", "environments"}


@given(st.text() | st.builds(yaml.safe_dump, st.dictionaries(st.text(), st.integers())))
def test_whatever_is_written_is_a_document_or_sentences(text: str) -> None:
    try:
        read_document(text)
    except ConfigurationError as error:
        assert all(problem.endswith(".") for problem in error.problems)
