"""One real sshd for all, and a connection to it by everything that may carry attempts there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import pytest

from rollback_console.remote.protocol import Remote, RunnerKind
from rollback_console.remote.ssh import connect
from tests.tally import tally

from .guest import open_folder
from .sshd import SSHD, Sshd

__all__ = ["tally"]  # counts in every test of this room


def find_python(version: str) -> str:
    """A program that is this version of Python, empty where this machine has none.

    Version managers are looked into: what they put on the PATH is a script that takes its time.
    """
    kept = [Path.home() / ".pyenv/versions", Path.home() / ".local/share/uv/python"]
    inside = [folder.glob(f"*{version}.*/bin/python3") for folder in kept]
    paths = [Path("/usr/bin") / f"python{version}", *chain(*inside)]
    return next((str(path) for path in paths if path.exists()), "")


SHELLS = ["dash", "busybox sh", "bash"]
PYTHON = "/usr/bin/python3"
OLDEST = find_python("3.6") or PYTHON
KINDS = [*SHELLS, OLDEST]
GUEST_KINDS = [*SHELLS, PYTHON]  # what an account that is not ours may run too
PATIENCE = 60  # seconds; then a test that waits in vain is told so by a closed connection


def connect_by(server: Sshd, kind: str = "") -> Remote:
    """A connection whose attempts are carried by this shell or Python; else by what there is."""
    if "python" in kind:
        return connect(server.address(runner=RunnerKind.PYTHON), python=kind)
    if kind:
        return connect(server.address(runner=RunnerKind.SHELL), shell=kind)
    return connect(server.address())


@contextmanager
def connected(server: Sshd, kind: str = "") -> Iterator[Remote]:
    remote = connect_by(server, kind)
    alarm = threading.Timer(PATIENCE, remote.close)
    alarm.start()
    try:
        yield remote
        assert getattr(remote, "trouble", "") == ""
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


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each shell in turn, and the oldest Python."""
    return str(request.param)


@pytest.fixture(params=GUEST_KINDS)
def guest_kind(request: pytest.FixtureRequest) -> str:
    """What an account that is not ours may run too."""
    return str(request.param)


@pytest.fixture
def host(sshd: Sshd, kind: str) -> Iterator[Remote]:
    with connected(sshd, kind) as remote:
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
def own_host(server: Sshd, kind: str) -> Iterator[Remote]:
    with connected(server, kind) as remote:
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
