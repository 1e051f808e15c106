"""`up`: one command, everything, and nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rollback_console.demo.layout import Layout
from rollback_console.demo.people import load
from rollback_console.local.data_dir import empty
from rollback_console.local.options import ROOT
from rollback_console.processes.process_tree import descendants
from tests.toolbox.waiting import until

from .console import KEPT, Console, status

pytestmark = pytest.mark.slow

Start = Callable[..., Console]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One console with its demo, for tests that leave it as it was."""
    console = Console(tmp_path_factory.mktemp("shared") / "data", first_start=True)
    try:
        yield console.ready()
    finally:
        console.end()


def test_all_of_it_is_ready_when_the_address_is_printed(running: Console) -> None:
    assert f"The console answers at http://127.0.0.1:{running.port}" in running.said
    assert status(f"http://127.0.0.1:{running.port}/healthz") == 200
    assert until(lambda: status(f"http://127.0.0.1:{running.port}/readyz") == 200)
    assert status(f"{running.demo.service_url}health") == 500
    for person in load(Layout(running.data / "demo")):
        assert f"{person.name:<5} {person.password}" in running.said


def test_a_start_warns_of_nothing(running: Console) -> None:
    # How much an act matters is a word of the record, and no warning.
    assert "warning" not in running.said.casefold().replace("severity=warning", "")


def test_the_first_lines_say_what_happens_and_nothing_of_the_demos_own_record(
    running: Console,
) -> None:
    before, _, _ = running.said.partition("The console answers at")
    assert "Preparing the database and the demo ..." in before
    assert "person.added" not in running.said


def test_without_the_demo_one_command_makes_the_owner_and_then_nothing_is_said_of_it(
    start: Start, tmp_path: Path
) -> None:
    console = start(DEMO="0")
    console.await_words("Ctrl-C stops everything")
    (command,) = re.findall(r"DATA_DIR=\S+ \.venv/bin/python manage\.py .*", console.said)
    typed = command.replace(".venv/bin/python", sys.executable).replace("NAME", "olga")
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    done = subprocess.run(
        ["sh", "-c", typed], cwd=ROOT, env=kept, capture_output=True, text=True, check=True
    )
    assert "olga is Admin now." in done.stdout
    assert "Password: " in done.stdout
    console.end()
    again = start(DEMO="0")
    again.await_words("Ctrl-C stops everything")
    assert "Nobody has an account yet" not in again.said


def test_a_taken_port_says_so_and_names_another(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        console = start(port=port)
        assert console.await_end() == 1
    assert f"Port {port} on 127.0.0.1 is taken" in console.said
    assert f"make run PORT={port + 1}" in console.said
    assert "Traceback" not in console.said


def test_a_data_folder_has_one_console_at_a_time(running: Console) -> None:
    second = Console(running.data)
    assert second.await_end() == 1
    assert f"Another console (process {running.process.pid})" in second.said
    assert status(f"http://127.0.0.1:{running.port}/healthz") == 200


def test_a_bad_setting_is_a_sentence(start: Start) -> None:
    console = start(PORT="many")
    assert console.await_end() == 1
    assert console.said == "PORT must be a whole number."


def test_what_dies_is_named_and_started_again(running: Console) -> None:
    os.kill(_child(running, "rollback_console.asgi"), signal.SIGKILL)
    running.await_words("The web ended by SIGKILL.")
    running.await_words("Starting the web again.")
    assert until(lambda: status(f"http://127.0.0.1:{running.port}/healthz") == 200)


def test_ctrl_c_leaves_no_process_and_the_next_start_keeps_the_data(start: Start) -> None:
    first = start(DEMO="0").ready()
    assert first.interrupt() == 0
    assert "Stopping on SIGINT." in first.said
    assert first.family() == []
    assert status(f"http://127.0.0.1:{first.port}/healthz") == 0
    database, key = first.data / "console.sqlite3", (first.data / "secret_key").read_text()
    _add_group(database, "kept")
    second = start(DEMO="0").ready()
    assert second.interrupt() == 0
    assert "kept" in _groups(database)
    assert (first.data / "secret_key").read_text() == key


def test_a_reset_removes_what_is_ours_and_nothing_else(tmp_path: Path) -> None:
    for name in ("console.sqlite3", "secret_key", "not-ours.txt"):
        (tmp_path / name).touch()
    (tmp_path / "demo" / "home").mkdir(parents=True)
    (tmp_path / "valkey").symlink_to("/tmp")
    empty(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["not-ours.txt"]
    assert Path("/tmp").is_dir()


def test_what_is_secret_can_be_read_by_its_owner_alone(running: Console) -> None:
    secrets = ["secret_key", "master_keys", "valkey/valkey.conf", "demo/people.json"]
    secrets += ["demo/ssh/host_key", "demo/ssh/client_key"]
    modes = {name: (running.data / name).stat().st_mode & 0o777 for name in secrets}
    assert modes == dict.fromkeys(secrets, 0o600)
    assert (running.data / "demo").stat().st_mode & 0o777 == 0o700


def test_nothing_outlives_an_up_that_is_killed(running: Console) -> None:
    """The last that is done to the shared console, one of whose parts was killed before."""
    assert running.family()
    running.process.send_signal(signal.SIGKILL)
    running.await_end()
    assert until(lambda: not running.family())


def _child(console: Console, word: str) -> int:
    """The nearest descendant whose command line holds `word`."""
    for pid in descendants(console.process.pid):
        if word in Path(f"/proc/{pid}/cmdline").read_bytes().decode():
            return pid
    raise AssertionError(f"no {word} among {descendants(console.process.pid)}")


def _add_group(database: Path, name: str) -> None:
    line = sqlite3.connect(database)
    with line:
        line.execute("INSERT INTO auth_group (name) VALUES (?)", (name,))
    line.close()


def _groups(database: Path) -> list[str]:
    line = sqlite3.connect(database)
    names = [name for (name,) in line.execute("SELECT name FROM auth_group")]
    line.close()
    return names
