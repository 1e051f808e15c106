"""One real sshd for all, and a connection to it under each shell the runner must run under."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rollback_console.remote.base import Remote
from rollback_console.remote.ssh import connect

from .sshd import SSHD, Sshd

SHELLS = ["dash", "busybox sh", "bash"]


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
    remote = connect(sshd.address(), shell=shell)
    yield remote
    remote.close()


@pytest.fixture
def plain_host(sshd: Sshd) -> Iterator[Remote]:
    """Where the shell makes no difference."""
    remote = connect(sshd.address())
    yield remote
    remote.close()
