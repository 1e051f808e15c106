"""One real sshd for all, and a connection to it under each shell the runner must run under."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rollback_console.remote.protocol import Remote
from rollback_console.remote.ssh import connect
from tests.tally import tally

from .guest import open_folder
from .sshd import SSHD, Sshd

__all__ = ["tally"]  # counts in every test of this room

SHELLS = ["dash", "busybox sh", "bash"]
PATIENCE = 60  # seconds; then a test that waits in vain is told so by a closed connection


@contextmanager
def connected(server: Sshd, shell: str = "sh") -> Iterator[Remote]:
    remote = connect(server.address(), shell=shell)
    alarm = threading.Timer(PATIENCE, remote.close)
    alarm.start()
    try:
        yield remote
    finally:
        alarm.cancel()
        remote.close()


@pytest.fixture(scope="session")
def sshd() -> Iterator[Sshd]:
    if not SSHD:
        pytest.skip("OpenSSH's sshd is not installed")
    server = Sshd().start()
    yield server
    server.remove()


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def host(sshd: Sshd, shell: str) -> Iterator[Remote]:
    with connected(sshd, shell) as remote:
        yield remote


@pytest.fixture
def plain_host(sshd: Sshd) -> Iterator[Remote]:
    """Where the shell makes no difference."""
    with connected(sshd) as remote:
        yield remote


@pytest.fixture
def server() -> Iterator[Sshd]:
    server = Sshd().start()
    yield server
    server.remove()


@pytest.fixture
def own_host(server: Sshd, shell: str) -> Iterator[Remote]:
    with connected(server, shell) as remote:
        yield remote


@pytest.fixture
def go_on(tmp_path: Path) -> Iterator[Path]:
    """What commands wait for; made at the end in any case, so that none outlives its test."""
    flag = tmp_path / "go-on"
    yield flag
    flag.touch()


@pytest.fixture
def in_the_open() -> Iterator[Path]:
    """Where an account that is not ours may go too."""
    with open_folder() as folder:
        yield folder
