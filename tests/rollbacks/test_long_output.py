"""What a step prints on a real host arrives whole in the database and on the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_console.remote import ssh
from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.execution import driver
from tests import make
from tests.remote.sshd import Sshd

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LINES = b"".join(b"%d\n" % number for number in range(1, 20_001))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    server = Sshd(tmp_path / "sshd")
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize(
    "command",
    [
        "seq 1 20000",
        "seq 1 20000 >&2",
        "for number in $(seq 1 20000); do echo $number; done",
        "seq 1 10000; sleep 0.3; seq 10001 20000; exit 3",
    ],
)
def test_every_line_of_twenty_thousand_is_kept(server: Sshd, command: str) -> None:
    made = make.stage(address=server.address(name="app-1"))
    rollback = make.approved(made, make.PLAN.replace("echo stopping", command))
    while driver.advance(rollback.pk, ssh.connect):
        pass
    run = rollback.runs.get(position=1)
    client = make.signed_in(made.cast.dana)
    assert log_store.read_log(run) == LINES
    first = client.get(f"/step-runs/{run.token}/lines/", {"from": 0, "to": 3}).json()
    assert (first["lines"], first["total"]) == (["1", "2", "3"], 20_000)
    last = client.get(f"/step-runs/{run.token}/lines/", {"last": 2}).json()
    assert last["lines"] == ["19999", "20000"]
