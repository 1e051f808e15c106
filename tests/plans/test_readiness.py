"""What hosts say beforehand about a rollback that has not begun; on a real sshd."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from rollback_console.engine.snapshot import Snapshot
from rollback_console.plans.readiness.check import Readiness, check, readiness_of
from rollback_console.plans.readiness.probe_answers import interpret_answer, size
from rollback_console.plans.readiness.probes import Probe, probes
from rollback_console.plans.readiness.targets import Targets
from rollback_console.plans.snapshot.freeze import freeze_snapshot
from rollback_console.plans.snapshot.request_form import draw_request_form
from rollback_console.remote.protocol import Answer, RunnerKind
from tests import make
from tests.make import PLAN, Stage
from tests.remote.sshd import Sshd

pytestmark = pytest.mark.django_db


def repository(folder: Path) -> str:
    """A repository with one commit tagged v1; the commit."""
    folder.mkdir()
    for command in (
        "init -q",
        "-c user.name=x -c user.email=x@example.org commit -q --allow-empty -m one",
        "tag v1",
    ):
        subprocess.run(["git", "-C", str(folder), *command.split()], check=True)
    done = subprocess.run(
        ["git", "-C", str(folder), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def check_step(
    stage: Stage, command: str, cwd: Path, *, approved: bool = False, **parameters: str
) -> Readiness:
    text = PLAN.replace("```bash\necho stopping", f"```bash cwd={cwd}\n{command}")
    revision = make.plan(stage, text)
    if approved:
        return make.checked(stage, revision, {"parameters": parameters})[0]
    return check(revision, freeze_snapshot(revision, {"parameters": parameters}))


def raised(snapshot: Snapshot) -> list[Probe]:
    return probes(snapshot, {}, Targets("STAGING"))


def verdicts(readiness: Readiness, kind: str) -> dict[str, str]:
    return {each.subject: each.verdict for each in readiness.results if each.kind == kind}


def test_a_commit_that_resolves_is_told_from_one_that_does_not(here: Stage, tmp_path: Path) -> None:
    commit = repository(tmp_path / "app")
    good = check_step(
        here, "git checkout <previous-commit>", tmp_path / "app", PREVIOUS_COMMIT=commit
    )
    assert verdicts(good, "commit") == {commit: "ready"}
    bad = check_step(
        here, "git checkout <previous-commit>", tmp_path / "app", PREVIOUS_COMMIT="abcdef12"
    )
    assert verdicts(bad, "commit") == {"abcdef12": "not_ready"}
    assert bad.word == "not ready"


def test_a_dump_is_measured(here: Stage, tmp_path: Path) -> None:
    (tmp_path / "backup_20251112_010000.sql").write_bytes(b"x" * 2048)
    here.environment.file_folders = str(tmp_path)
    here.environment.save()
    dumps: Any = dict.fromkeys(names(here, tmp_path), "backup_20251112_010000.sql")
    readiness = check_step(
        here,
        "cat backup_YYYYMMDD_HHMMSS.sql",
        tmp_path,
        **dumps,
    )
    dump = next(each for each in readiness.results if each.kind == "file")
    assert dump.verdict == "ready"
    assert dump.detail.startswith("2.0 KiB, written 20")
    assert "SHA" not in dump.detail


def names(stage: Stage, cwd: Path) -> list[str]:
    text = PLAN.replace("echo stopping", "cat backup_YYYYMMDD_HHMMSS.sql")
    return [each.name for each in draw_request_form(make.plan(stage, text)).parameters]


def test_a_tool_that_is_missing_is_named(here: Stage, tmp_path: Path) -> None:
    readiness = check_step(here, "flyway undo\ngit status", tmp_path)
    assert verdicts(readiness, "tool") == {"flyway": "not_ready", "git": "ready"}


def test_a_folder_that_is_not_there_is_named(here: Stage, tmp_path: Path) -> None:
    readiness = check_step(here, "ls", tmp_path / "nowhere")
    assert verdicts(readiness, "folder")[str(tmp_path / "nowhere")] == "not_ready"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("echo This account is currently not available.; exit 1", "currently not available"),
        ("internal-sftp", "sftp connections only"),
        ("echo Your password has expired. >&2; exit 1", "password has expired"),
    ],
)
def test_an_account_that_runs_no_commands_is_one_red_result_with_the_cause(
    here: Stage, sshd: Sshd, tmp_path: Path, command: str, answer: str
) -> None:
    sshd.stop()
    sshd.options = ("Subsystem sftp internal-sftp", f"ForceCommand {command}")
    sshd.start()
    try:
        (red,) = check_step(here, "git status", tmp_path).results
    finally:
        sshd.stop()
        sshd.options = ()
        sshd.start()
    assert (red.kind, red.verdict) == ("access", "not_ready")
    assert "runs no commands" in red.detail
    assert answer in red.detail


def test_a_folder_below_the_home_is_found_where_the_step_will_find_it(
    here: Stage, sshd: Sshd
) -> None:
    (sshd.home / "release").mkdir(exist_ok=True)
    good = check_step(here, "ls", Path("~/release"))
    assert verdicts(good, "folder") == {"~/release": "ready", "~": "ready"}
    bad = check_step(here, "ls", Path("~/no-release"))
    assert verdicts(bad, "folder")["~/no-release"] == "not_ready"


def test_a_host_that_is_down_is_a_red_result(here: Stage, sshd: Sshd, tmp_path: Path) -> None:
    sshd.stop()
    readiness = check_step(here, "ls", tmp_path)
    assert [(each.kind, each.verdict) for each in readiness.results] == [("access", "not_ready")]
    assert "cannot be reached" in readiness.results[0].detail


def test_asking_again_replaces_what_was_heard(here: Stage, tmp_path: Path) -> None:
    revision = make.plan(here)
    snapshot = freeze_snapshot(revision, {})
    first = check(revision, snapshot)
    again = check(revision, snapshot)
    assert len(first.results) == len(again.results) == revision.probe_results.count()


def test_a_value_is_an_argument_and_never_shell_text(stage: Stage) -> None:
    revision = make.plan(stage, PLAN.replace("echo stopping", "deploy --to [describe target]"))
    name = draw_request_form(revision).parameters[0].name
    snapshot = freeze_snapshot(revision, {"parameters": {name: "$(touch /tmp/x); `id`"}})
    for probe in probes(snapshot, {name: "file"}, Targets("STAGING", folders=("/srv",))):
        assert "touch" not in probe.argv[2]


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (2**40, "1.0 TiB")]
)
def test_sizes_are_for_people(count: int, text: str) -> None:
    assert size(count) == text


def test_the_newest_answers_of_a_revision_are_found_again(here: Stage, tmp_path: Path) -> None:
    revision = make.plan(here)
    assert readiness_of(revision).word == "not asked"
    check(revision, freeze_snapshot(revision, {}))
    readiness = readiness_of(revision)
    assert readiness.word == "ready"
    assert readiness.at is not None


def test_text_only_bash_can_read_asks_for_bash(stage: Stage) -> None:
    plan = "# Rollback\n## Steps\n### Step 1: Go\n```bash\n{}\n```\n"
    for command, check_step in (("[[ -f /x ]] && ls /x", True), ("ls /x", False)):
        snapshot = freeze_snapshot(make.plan(stage, plan.format(command)), {})
        assert ("bash" in {probe.subject for probe in raised(snapshot)}) is check_step


def test_a_repository_with_uncommitted_changes_is_red(here: Stage, tmp_path: Path) -> None:
    repository(tmp_path / "app")
    clean = check_step(here, "git checkout v1", tmp_path / "app", approved=True)
    assert set(verdicts(clean, "repository").values()) == {"ready"}
    (tmp_path / "app" / "file").write_text("x")
    subprocess.run(["git", "-C", str(tmp_path / "app"), "add", "file"], check=True)
    dirty = check_step(here, "git checkout v1", tmp_path / "app", approved=True)
    assert set(verdicts(dirty, "repository").values()) == {"not_ready"}


def test_the_runners_folder_is_tried_with_a_link(here: Stage, tmp_path: Path) -> None:
    assert verdicts(check_step(here, "ls", tmp_path), "runner") == {"~": "ready"}


@pytest.mark.parametrize(
    ("output", "runner", "verdict", "sentence"),
    [
        (b"/home/a\n3 11\n", RunnerKind.AUTO, "ready", "Python 3.11 runs commands"),
        (b"/home/a\n3 11\n", RunnerKind.SHELL, "ready", "The host's shell runs commands"),
        (b"/home/a\n3 5\n", RunnerKind.AUTO, "ready", "The host's shell runs commands"),
        (b"/home/a\n", RunnerKind.AUTO, "ready", "The host's shell runs commands"),
        (b"/home/a\n", RunnerKind.PYTHON, "not_ready", "has no Python 3.6 or newer"),
        (b"/home/a\nx y\n", RunnerKind.PYTHON, "not_ready", "has no Python 3.6 or newer"),
    ],
)
def test_what_runs_commands_on_a_host_is_told_beforehand(
    output: bytes, runner: RunnerKind, verdict: str, sentence: str
) -> None:
    probe_result = interpret_answer(
        Probe("app-1", 1, "runner", "~"), Answer(0, output, b""), runner
    )
    assert probe_result.verdict == verdict
    assert sentence in probe_result.detail


def test_sudo_is_asked_for_exactly_what_would_run(stage: Stage) -> None:
    script = "sudo -u deploy systemctl restart shop"
    revision = make.plan(stage, PLAN.replace("echo stopping", script))
    snapshot = freeze_snapshot(revision, {})
    (sudo,) = [each for each in raised(snapshot) if each.kind == "sudo"]
    assert sudo.subject == "-u deploy systemctl restart shop"
    assert sudo.argv[5:] == ("-u", "deploy", "--", "systemctl", "restart", "shop")
    assert [each.subject for each in raised(snapshot) if each.kind == "unit"] == ["shop"]


def test_a_health_page_need_not_be_well_only_answer(here: Stage) -> None:
    head = "---\nchecks:\n  - {check: Page, http: 'http://127.0.0.1:1/'}\n---\n"
    revision = make.plan(here, head + PLAN)
    readiness, _ = make.checked(here, revision)
    assert verdicts(readiness, "health") == {"http://127.0.0.1:1/": "unknown"}
    assert readiness.word == "ready"


def test_what_there_is_no_time_for_keeps_its_last_answer(here: Stage, tmp_path: Path) -> None:
    revision = make.plan(here, PLAN.replace("echo restoring", "flyway undo"))
    before, snapshot = make.checked(here, revision)
    after = check(revision, snapshot, within=0.0)
    assert [(each.kind, each.detail) for each in after.results] == [
        (each.kind, each.detail) for each in before.results
    ]
    again = {each.kind for each in after.results} - {
        each.kind for each in after.results if each in before.results
    }
    assert again == {"access"}
