"""The demo host by itself: what it is before anybody rolls anything back, and after."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_console.demo.build import build, unavailable
from rollback_console.demo.layout import Layout
from rollback_console.demo.repository import NEW, OLD, TEMPLATES
from rollback_console.demo.state import State
from rollback_console.demo.supervisor.units import load_all
from tests.toolbox.waiting import until

from .host import SERVERS, Running

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """One host, built once; its name has a blank, as a person's folder may."""
    layout = Layout(tmp_path_factory.mktemp("a folder") / "demo")
    build(layout)
    return layout


@pytest.fixture(scope="module", params=SERVERS)
def host(request: pytest.FixtureRequest, built: Layout) -> Iterator[Running]:
    running = Running(built, request.param)
    yield running
    running.stop()


def test_the_newer_release_is_broken_and_the_rows_are_there(host: Running) -> None:
    _break_again(host)
    assert host.health() == 500
    assert host.sh("cd ~/bookings && git describe --tags").stdout == f"{NEW}\n"
    assert _rows(host.layout)[1] == ["B-1007", "B-1008", "B-1009"]
    log = (host.layout.logs / "bookings.log").read_text()
    assert "unsupported operand type(s) for +: 'int' and 'NoneType'" in log


def test_the_steps_of_the_plan_by_hand_make_it_healthy(host: Running) -> None:
    _break_again(host)
    app = "cd ~/bookings && "
    steps = [
        "servicectl stop bookings",
        f"{app}python manage.py dump ../backups/by-hand-$$.sqlite3",
        f"{app}python manage.py migrate bookings 0001",
        f"{app}git fetch --tags origin && git checkout {OLD}",
        "servicectl start bookings",
        f"{app}python manage.py smoke {host.state.service_url}health",
    ]
    for step in steps:
        done = host.sh(step)
        assert done.exit_status == 0, f"{step}: {done.stdout}{done.stderr}"
    assert host.health() == 200
    assert "deposit_cents" not in _columns(host.layout)
    assert len(_rows(host.layout)[0]) == 9


def test_smoke_says_no_to_the_broken_release(host: Running) -> None:
    _break_again(host)
    done = host.sh(f"cd ~/bookings && python manage.py smoke {host.state.service_url}health")
    assert done.exit_status == 1
    assert "answers 500" in done.stderr


def test_a_stopped_service_stays_stopped_over_a_restart_of_the_host(host: Running) -> None:
    _break_again(host)
    assert host.sh("servicectl stop bookings").exit_status == 0
    assert host.sh("servicectl status bookings").exit_status == 3
    host.restart()
    assert host.health() == 0
    assert host.sh("servicectl start bookings").exit_status == 0
    assert host.health() == 500
    assert [unit.enabled for unit in load_all(host.layout)] == [True]


def test_a_killed_service_is_started_again(host: Running) -> None:
    _break_again(host)
    killed = host.service_pid()
    os.kill(killed, signal.SIGKILL)
    assert until(lambda: host.health() == 500 and host.service_pid() != killed)


def test_what_a_command_leaves_behind_survives_the_connection_but_not_the_host(
    host: Running,
) -> None:
    left = host.sh("setsid sleep 300 >/dev/null 2>&1 </dev/null & echo $!")
    pid = int(str(left.stdout))
    assert host.sh(f"kill -0 {pid}").exit_status == 0
    host.restart()
    assert not Path(f"/proc/{pid}").exists()


def test_a_session_sees_nothing_of_the_environment_it_was_started_from(
    host: Running,
) -> None:
    names = {line.partition("=")[0] for line in str(host.sh("env").stdout).splitlines()}
    assert not names & {"SECRET_KEY", "MASTER_KEYS", "DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
    assert host.sh('printf %s "$HOME"').stdout == str(host.layout.home)


def test_an_output_that_was_closed_early_does_not_cut_off_the_other(host: Running) -> None:
    done = host.sh("exec >&-; sleep 0.2; echo err >&2; exit 7")
    assert (done.exit_status, done.stdout, done.stderr) == (7, "", "err\n")


def test_an_exit_code_and_both_outputs_come_back(host: Running) -> None:
    done = host.sh("echo out; echo err >&2; cat; exit 7")
    assert (done.exit_status, done.stdout, done.stderr) == (7, "out\n", "err\n")


def test_a_large_output_arrives_whole(host: Running) -> None:
    done = host.sh("seq 1 300000")
    assert str(done.stdout).count("\n") == 300000
    assert str(done.stdout).endswith("\n300000\n")


def test_a_service_nobody_knows_is_a_sentence(host: Running) -> None:
    done = host.sh("servicectl start billing")
    assert (done.exit_status, done.stderr) == (
        4,
        "There is no service billing here; there is bookings.\n",
    )
    assert host.sh("servicectl explode").exit_status == 2


def test_two_builds_make_the_same_commits(built: Layout, tmp_path: Path) -> None:
    other = Layout(tmp_path / "demo")
    build(other)
    assert _commits(other) == _commits(built)
    assert build(other) == State.load(other)


def test_a_half_built_host_is_built_anew(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "demo")
    (layout.home / "bookings").mkdir(parents=True)
    (layout.home / "bookings" / "half").touch()
    build(layout)
    assert not (layout.app / "half").exists()


def test_without_git_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "apt install git" in unavailable()


def _break_again(host: Running) -> None:
    """The deploy once more, whatever an earlier test left."""
    done = host.sh(
        f"cd ~/bookings && git checkout -q {NEW} && python manage.py migrate --no-input"
        " && servicectl restart bookings"
    )
    assert done.exit_status == 0, f"{done.stdout}{done.stderr}"


def _database(layout: Layout) -> sqlite3.Connection:
    return sqlite3.connect(layout.data / "bookings.sqlite3")


def _columns(layout: Layout) -> list[str]:
    line = _database(layout)
    names = [row[1] for row in line.execute("PRAGMA table_info(bookings_booking)")]
    line.close()
    return names


def _rows(layout: Layout) -> tuple[list[str], list[str]]:
    """All references, and those taken since the deploy."""
    since = json.loads((TEMPLATES / "bookings.json").read_text())["since"]
    line = _database(layout)
    rows = [row[0] for row in line.execute("SELECT reference FROM bookings_booking ORDER BY 1")]
    line.close()
    return rows, [row for row in rows if row in {each["reference"] for each in since}]


def _commits(layout: Layout) -> list[str]:
    return subprocess.run(
        ["git", "-C", str(layout.origin), "rev-parse", OLD, NEW],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
