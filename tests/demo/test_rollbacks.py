"""What the console does to its demo host, over either of the two SSH servers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from rollback_console.demo.build import build
from rollback_console.demo.layout import Layout
from rollback_console.demo.ssh import keys
from rollback_console.remote import ssh
from rollback_console.remote.protocol import (
    Chunk,
    HostAddress,
    HostKeyPin,
    Login,
    Outcome,
    RunRef,
    RunRequest,
)

from .host import SERVERS, Running

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=SERVERS)
def host(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    layout = Layout(tmp_path_factory.mktemp("demo") / "demo")
    build(layout)
    running = Running(layout, request.param)
    yield running
    running.stop()


def test_a_run_tells_its_output_and_its_exit_code(host: Running) -> None:
    log, outcome = _run(host, 'seq 1 20000; echo "$HOME" >&2; exit 3')
    assert log.decode().splitlines()[-2:] == ["20000", str(host.layout.home)]
    assert outcome.exit_code == 3


def test_a_run_outlives_the_connection_that_started_it(host: Running) -> None:
    request = RunRequest(str(uuid.uuid4()), "echo begun; sleep 3; echo done")
    with_first = ssh.connect(_address(host))
    next(iter(with_first.run(request)))
    with_first.close()
    again = ssh.connect(_address(host))
    try:
        *chunks, outcome = again.follow(RunRef(request.token))
        assert b"".join(each.data for each in chunks if isinstance(each, Chunk)) == b"begun\ndone\n"
        assert isinstance(outcome, Outcome)
        assert outcome.exit_code == 0
        again.acknowledge(RunRef(request.token))
    finally:
        again.close()


def _run(host: Running, script: str) -> tuple[bytes, Outcome]:
    line = ssh.connect(_address(host))
    request = RunRequest(str(uuid.uuid4()), script)
    try:
        reports = list(line.run(request))
        line.acknowledge(RunRef(request.token))
    finally:
        line.close()
    outcome = reports[-1]
    assert isinstance(outcome, Outcome)
    return b"".join(each.data for each in reports if isinstance(each, Chunk)), outcome


def _address(host: Running) -> HostAddress:
    return HostAddress(
        name="bookings-1",
        address="127.0.0.1",
        port=host.state.ssh_port,
        username=host.state.username,
        login=Login(private_key=keys.private(host.layout)),
        host_keys=(HostKeyPin(*keys.host_key(host.layout)),),
    )
