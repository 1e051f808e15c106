"""`python -m rollback_console`, beside `up`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from rollback_console.demo.layout import Layout
from rollback_console.demo.people import load
from rollback_console.local import options
from rollback_console.processes.ports import free_port


def run(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rollback_console", *words],
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(folder), **settings},
        capture_output=True,
        text=True,
    )


def test_it_says_what_it_can_do(tmp_path: Path) -> None:
    done = run(tmp_path, "--help")
    assert done.returncode == 0
    for verb in ("up", "web", "worker", "sweeper", "demo"):
        assert f"    {verb} " in done.stdout


def test_a_demo_that_was_never_built_is_a_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, "demo")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "No demo host was built here yet. Run: make run\n"


@pytest.mark.parametrize("verb", ["web", "worker", "sweeper"])
def test_a_bad_setting_stops_each_process_with_a_sentence(tmp_path: Path, verb: str) -> None:
    done = run(tmp_path, verb, SECRET_KEY="0123456789abcdef" * 3, MASTER_KEYS="too short")
    assert done.returncode != 0
    assert "MASTER_KEYS must be comma separated Fernet keys" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    kept = {"SECRET_KEY": "0123456789abcdef" * 3, "MASTER_KEYS": Fernet.generate_key().decode()}
    nobody = f"mysql://root@127.0.0.1:{free_port()}/console"
    done = run(tmp_path, "prepare", DATABASE_URL=nobody, **kept)
    assert done.returncode == 1
    assert done.stderr.startswith("The database console at 127.0.0.1 cannot be used: ")
    assert "Traceback" not in done.stderr


def test_without_git_there_are_people_but_no_demo_host(tmp_path: Path) -> None:
    done = run(tmp_path, "prepare", PATH="/nonexistent")
    assert done.returncode == 0
    assert "The demo host needs git, which is not installed here" in done.stderr
    assert "lee" in {person.name for person in load(Layout(tmp_path / "demo"))}
    assert not (tmp_path / "demo/state.json").exists()


def test_alive_says_no_while_nobody_was_heard_of(tmp_path: Path) -> None:
    assert run(tmp_path, "prepare", DEMO="0").returncode == 0
    assert run(tmp_path, "alive", "worker").returncode == 1
    assert run(tmp_path, "alive", "nobody").returncode == 2


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        (
            {"REQUIRE_SECOND_FACTOR": "ture"},
            "REQUIRE_SECOND_FACTOR must be true or false, not “ture”.",
        ),
        (
            {"KEEP_LOGS_DAYS": "a year"},
            "KEEP_LOGS_DAYS must be a whole number, 0 or more, not “a year”.",
        ),
        ({"BASE_URL": "console.example.org"}, "BASE_URL must begin with https://"),
        ({"BASE_URL": "https://example.org/ro llback"}, "The path of BASE_URL may hold letters"),
        ({"BASE_URL": "https://example.org/a?b=1"}, "The path of BASE_URL may hold letters"),
    ],
)
def test_a_slip_in_a_setting_is_no_silent_no(
    tmp_path: Path, setting: dict[str, str], sentence: str
) -> None:
    done = run(tmp_path, "prepare", **setting)
    assert (done.returncode, done.stderr[: len(sentence)]) == (1, sentence)


def test_an_empty_data_folder_is_the_same_default_for_settings_and_for_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": "",
        "DATABASE_URL": "mysql://root@127.0.0.1/console",
        "SECRET_KEY": "0123456789abcdef" * 3,
        "MASTER_KEYS": Fernet.generate_key().decode(),
    }
    script = "from rollback_console.settings import DATA_DIR; print(DATA_DIR)"
    shown = subprocess.run(
        [sys.executable, "-c", script], env=settings, capture_output=True, text=True, check=True
    )
    monkeypatch.setenv("DATA_DIR", "")
    assert shown.stdout.strip() == str(options.from_environment().data)
    assert Path(shown.stdout.strip()).name == "var"
