"""What several web processes of one gunicorn count together."""

from __future__ import annotations

import os
import re
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_console.processes import commands
from tests.toolbox.waiting import PATIENCE, until

from .client import Client
from .rows import Rows
from .servers import Console, Process, free_port

TOKEN = "scrape-" + "x" * 20


@pytest.fixture
def several(web: Console) -> Iterator[Console]:
    """Three web processes behind one port, on the database of the others."""
    port = free_port()
    environment = {
        **web.process.environment,
        "BASE_URL": f"http://127.0.0.1:{port}",
        "METRICS_TOKEN": TOKEN,
    }
    made = Console(Process(commands.web("127.0.0.1", port, 3), port, environment), web.file)
    made.process.start()
    yield made
    assert made.process.child
    made.process.child.terminate()
    made.process.child.wait(30)


def sample(web: Console, name: str) -> float:
    request = urllib.request.Request(f"{web.url}/metrics")
    request.add_header("Authorization", f"Bearer {TOKEN}")
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        text = answer.read().decode()
    match = re.search(rf"^rollback_console_{name} (\S+)$", text, re.M)
    return float(match[1]) if match else -1.0


def test_sockets_are_counted_over_all_processes_and_forgotten_with_a_dead_one(
    several: Console, rows: Rows
) -> None:
    rollback = rows.rollback()
    run = rows.run(rollback)
    session = rows.session(rows.person())
    clients = [Client(several, rollback.pk, session) for _ in range(12)]
    until(lambda: sample(several, "sockets") == 12, "twelve sockets are counted")
    rows.append(run, b"one line\n")
    clients[0].until(lambda: clients[0].text(str(run.token)) == "one line\n")
    assert sample(several, "chunk_lag_seconds_count") >= 1
    clients.pop().socket.close()
    until(lambda: sample(several, "sockets") == 11, "a closed socket is forgotten")
    victim = busiest(several)
    os.kill(victim, signal.SIGKILL)
    until(lambda: 0 <= sample(several, "sockets") < 11, "those of a dead process are forgotten")
    for client in clients:
        client.socket.close()
    until(lambda: sample(several, "sockets") == 0, "none is left")


def test_its_shared_folder_goes_with_it(several: Console) -> None:
    until(lambda: sample(several, "sockets") == 0, "it answers")
    folder = shared(several)
    assert folder.is_dir()
    assert several.process.child
    several.process.child.terminate()
    several.process.child.wait(30)
    assert not folder.exists()


def children(web: Console) -> list[int]:
    assert web.process.child
    pid = web.process.child.pid
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def busiest(web: Console) -> int:
    """The process with most open connections."""
    return max(children(web), key=lambda pid: len(list(Path(f"/proc/{pid}/fd").iterdir())))


def shared(web: Console) -> Path:
    """The folder in which the processes keep their counts, by the files they hold open."""
    opened = (_target(each) for each in Path(f"/proc/{children(web)[0]}/fd").iterdir())
    return next(Path(each).parent for each in opened if "rollback-console-metrics-" in each)


def _target(descriptor: Path) -> str:
    """What it stands for; nothing when it was closed since it was listed."""
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:
        return ""
