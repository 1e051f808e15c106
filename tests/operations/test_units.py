"""The systemd units: what systemd itself says of them, and that they run what exists."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rollback_console.__main__ import VERBS
from rollback_console.local.options import ROOT

UNITS = ROOT / "docs/ops/systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as on a host whose Python is this one."""
    for unit in UNITS.glob("rollback-console*"):
        text = unit.read_text().replace("/opt/rollback-console/.venv/bin/python", sys.executable)
        (tmp_path / unit.name).write_text(text)
    return tmp_path


def directives(name: str) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", (UNITS / name).read_text(), re.M):
        values.setdefault(key, []).append(value)
    return values


@systemd
def test_systemd_has_nothing_to_complain_about(installed: Path) -> None:
    units = sorted(str(path) for path in installed.iterdir())
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


@systemd
@pytest.mark.parametrize("name", SERVICES)
def test_systemd_calls_each_well_protected(installed: Path, name: str) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(installed / name)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_each_runs_something_that_exists_as_nobody_with_secrets_as_files(name: str) -> None:
    lines = directives(name)
    assert lines["User"] == ["rollback-console"]
    words = lines["ExecStart"][0].split()[1:]
    assert words[:2] == ["-m", "rollback_console"] or words == ["manage.py", "apply_retention"]
    assert words[0] == "manage.py" or words[2] in VERBS
    credentials = {each.split(":")[0] for each in lines["LoadCredential"]}
    files = re.findall(r"(\w+)_FILE=%d/(\w+)", " ".join(lines["Environment"]))
    assert {file for _, file in files} == credentials
    assert all(variable.lower() == file for variable, file in files)


def test_what_the_example_sets_is_documented() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    names = re.findall(r"^(\w+)=", (UNITS / "environment").read_text(), re.M)
    assert names
    assert [name for name in names if f"`{name}`" not in page] == []


def test_the_command_for_people_gives_what_the_units_give() -> None:
    text = (UNITS / "manage").read_text().replace("$etc", "/etc/rollback-console")
    lines = directives("rollback-console-web.service")
    for name in ("User", "Group", "WorkingDirectory", "LoadCredential", "EnvironmentFile"):
        for value in lines[name]:
            assert f"{name}={value}" in text, (name, value)
    for variable, file in re.findall(r"(\w+_FILE)=%d/(\w+)", " ".join(lines["Environment"])):
        assert f"{variable}=$CREDENTIALS_DIRECTORY/{file}" in text


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="no shellcheck here")
def test_shellcheck_has_nothing_to_say_about_it() -> None:
    # What the service's own shell is to read stands in single quotes on purpose.
    words = ["shellcheck", "--exclude=SC2016", str(UNITS / "manage")]
    done = subprocess.run(words, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
