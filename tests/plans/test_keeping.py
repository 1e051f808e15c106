"""The dump before anything is overwritten: where it stands, and that it can be put back."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from rollback_console.plans.snapshot.dump_steps import DUMP_PATH, DUMP_SHA256, DUMP_SIZE, SAYS
from rollback_console.plans.snapshot.freeze import freeze_snapshot
from tests import make
from tests.make import PLAN, Stage

pytestmark = pytest.mark.django_db


def keeping_plan(folder: Path, restoring: str = "echo overwritten > data") -> str:
    head = (
        f'---\ndatabase:\n  dump: cp data "$DUMP"\n  restore: cp "$DUMP" data\n'
        f"  folder: {folder}/dumps\n  cwd: {folder}\n---\n"
    )
    return head + PLAN.replace("```bash\necho restoring", f"```bash destructive\n{restoring}")


def run(
    script: str, folder: Path, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
    )


def on_record(output: str) -> dict[str, str]:
    """What a restoring step is told at its launch of the dump that was printed."""
    size, sha256, path = output.split(SAYS)[1].split()
    return {DUMP_SIZE: size, DUMP_SHA256: sha256, DUMP_PATH: path}


def test_a_dump_stands_before_the_first_step_that_destroys(stage: Stage, tmp_path: Path) -> None:
    snapshot = freeze_snapshot(make.plan(stage, keeping_plan(tmp_path)), {})
    assert [(each.position, each.standby) for each in snapshot.steps] == [
        (1, False), (2, False), (3, False), (4, False), (5, True),
    ]  # fmt: skip
    assert [each.number for each in snapshot.steps] == ["1", "1a", "2", "3", "3a"]
    dump, destroying, back = snapshot.step(2), snapshot.step(3), snapshot.step(5)
    assert (dump.keeps, dump.expect, dump.hosts) == (f"{tmp_path}/dumps", SAYS, ("app-1",))
    assert (destroying.undo, back.destructive) == (5, True)


def test_what_was_overwritten_comes_back(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("precious\n")
    snapshot = freeze_snapshot(make.plan(stage, keeping_plan(tmp_path)), {})
    printed = run(snapshot.step(2).script, tmp_path)
    size, sha256, path = printed.stdout.split(SAYS)[1].split()
    assert (int(size), Path(path).read_text()) == (9, "precious\n")
    assert sha256 == hashlib.sha256(b"precious\n").hexdigest()
    assert Path(path).stat().st_mode & 0o077 == 0
    assert run(snapshot.step(3).script, tmp_path).returncode == 0
    assert run(snapshot.step(5).script, tmp_path, on_record(printed.stdout)).returncode == 0
    assert (tmp_path / "data").read_text() == "precious\n"


def test_a_dump_that_was_changed_is_not_put_back(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("precious\n")
    snapshot = freeze_snapshot(make.plan(stage, keeping_plan(tmp_path)), {})
    dump = on_record(run(snapshot.step(2).script, tmp_path).stdout)
    Path(dump[DUMP_PATH]).write_text("forgeries\n"[: int(dump[DUMP_SIZE])])
    (tmp_path / "data").write_text("now\n")
    assert "nothing was restored" in run(snapshot.step(5).script, tmp_path, dump).stderr
    assert (tmp_path / "data").read_text() == "now\n"


def test_without_a_dump_on_record_nothing_is_put_back(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("precious\n")
    snapshot = freeze_snapshot(make.plan(stage, keeping_plan(tmp_path)), {})
    run(snapshot.step(2).script, tmp_path)
    (tmp_path / "data").write_text("now\n")
    done = run(snapshot.step(5).script, tmp_path)
    assert done.returncode != 0
    assert "nothing was restored" in done.stderr
    assert (tmp_path / "data").read_text() == "now\n"


def test_an_empty_dump_ends_the_step(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    snapshot = freeze_snapshot(make.plan(stage, keeping_plan(tmp_path)), {})
    printed = run(snapshot.step(2).script, tmp_path)
    assert printed.returncode != 0
    assert "The dump is empty" in printed.stderr


def test_a_plan_that_destroys_nothing_takes_no_dump(stage: Stage, tmp_path: Path) -> None:
    text = keeping_plan(tmp_path).replace("```bash destructive", "```bash")
    snapshot = freeze_snapshot(make.plan(stage, text.replace("overwritten > data", "fine")), {})
    assert [each.keeps for each in snapshot.steps] == ["", "", ""]


@pytest.mark.parametrize("kind", ["mariadb", "mysql", "postgresql", "sqlite"])
def test_known_databases_need_no_commands_of_the_author(stage: Stage, kind: str) -> None:
    head = f"---\ndatabase: {{kind: {kind}, name: shop, folder: /var/backups}}\n---\n"
    text = head + PLAN.replace("```bash\necho restoring", "```bash destructive\necho restoring")
    snapshot = freeze_snapshot(make.plan(stage, text), {})
    assert "shop" in snapshot.step(2).script
    assert "shop" in snapshot.step(5).script
