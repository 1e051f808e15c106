"""Servers and a console for the faults, each ended even when its test fails."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis as redis_client

from tests.make import Stage
from tests.remote.guest import open_folder
from tests.remote.sshd import SSHD, Sshd
from tests.servers import Redis
from tests.tally import tally

from . import summary
from .ground import Ground
from .stage import Console, sqlite, started, working_on

__all__ = ["tally"]  # counts in every test of this room

_databases = itertools.cycle(range(16))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if lines := list(summary.lines(terminalreporter.stats)):
        terminalreporter.section("faults")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(autouse=True)
def clear_up() -> Iterator[None]:
    """What a test started ends with it, also when it fails: no red test makes another red."""
    before = len(started)
    yield
    for process in started[before:]:
        if process.running:
            process.clear()


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    """One broker for all who do not break it."""
    with Redis() as server:
        yield server


@pytest.fixture(scope="session")
def sshd() -> Iterator[Sshd]:
    """One host for all who do not break it."""
    if not SSHD:
        pytest.skip("OpenSSH's sshd is not installed")
    server = Sshd().start()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def console(
    tmp_path_factory: pytest.TempPathFactory,
    redis: Redis,
    django_db_blocker: Any,
) -> Iterator[Console]:
    """A console on a file database for the tests of one file; nothing of it runs yet."""
    folder = tmp_path_factory.mktemp("console")
    yield from made(folder, sqlite(folder), redis, django_db_blocker)


@pytest.fixture(scope="module")
def healers(console: Console) -> None:
    """A worker and a sweeper that stay healthy."""
    processes = [console.worker(awaited=False), console.sweeper(awaited=False)]
    for process in processes:
        console.heard(process)


@pytest.fixture
def own_console(tmp_path: Path, redis: Redis, django_db_blocker: Any) -> Iterator[Console]:
    """A console for one test, which may break all of it."""
    yield from made(tmp_path, sqlite(tmp_path), redis, django_db_blocker)


def made(folder: Path, url: str, redis: Redis, blocker: Any) -> Iterator[Console]:
    number = next(_databases)
    with redis_client.Redis(port=redis.port, db=number) as broker:
        broker.flushdb()
    console = Console(folder, url, f"redis://127.0.0.1:{redis.port}/{number}")
    with blocker.unblock(), working_on(url):
        try:
            yield console
        finally:
            console.close()


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    ground = Ground(tmp_path / "ground")
    yield ground
    ground.clear()


@pytest.fixture
def place(console: Console, sshd: Sshd) -> Stage:
    """An environment of its own on the shared console and host."""
    return console.place(sshd.address())


@pytest.fixture
def in_the_open() -> Iterator[Path]:
    """Where an account that is not ours may go too."""
    with open_folder() as folder:
        yield folder
