"""Network zones, and RabbitMQ as the broker: with real workers, a sweeper and a host."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from rollback_console.engine.states import RollbackState
from rollback_console.rollbacks import zones
from rollback_console.rollbacks.models import Rollback
from tests import make, tally
from tests.remote.sshd import Sshd
from tests.servers import Redis, Server
from tests.toolbox.waiting import until

from .promise import comes_to
from .stage import Console, Process, sqlite, working_on

pytestmark = pytest.mark.faults
BIN = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


class RabbitMq(Server):
    """A RabbitMQ in a folder of its own, with an epmd of its own."""

    program = "rabbitmq"

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    @property
    def settings(self) -> dict[str, str]:
        return {
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self.port + 1),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "none"),
            "ERL_EPMD_PORT": str(self.port + 2),
            # Else it refuses to end so soon after its node was killed.
            "ERL_EPMD_RELAXED_COMMAND_CHECK": "1",
            "HOME": str(self.folder),
        }

    def command(self) -> list[str]:
        pairs = [f"{name}={value}" for name, value in self.settings.items()]
        return ["env", *pairs, str(BIN)]

    def kill(self) -> None:
        pid = self.folder / "pid"
        if pid.exists():
            with suppress(ProcessLookupError):
                os.kill(int(pid.read_text()), signal.SIGKILL)
            pid.unlink()
        super().kill()
        port = self.settings["ERL_EPMD_PORT"]
        subprocess.run(["epmd", "-port", port, "-kill"], capture_output=True, check=False)


def drove(process: Process, rollback: Rollback) -> bool:
    return (
        "step.started fence=" in (output := process.said()) and f"rollback={rollback.pk} " in output
    )


@pytest.mark.representative
def test_a_worker_takes_only_what_is_in_its_zone(own_console: Console, sshd: Sshd) -> None:
    near, far = own_console.place(sshd.address()), own_console.place(sshd.address(), zone="dmz")
    own_console.sweeper()
    here = own_console.worker("rollbacks")
    orphan = make.approved(far)
    until(lambda: "No worker serves the zone dmz" in log(own_console, "sweeper"), "it is said")
    assert zones.served() == {"default": True, "dmz": False}
    first = make.approved(near)
    comes_to(first, RollbackState.VERIFYING)
    assert drove(here, first)
    orphan.refresh_from_db()
    assert (orphan.state, orphan.fence) == ("approved", 0)

    there = own_console.worker("rollbacks.dmz", ZONES="dmz")
    comes_to(orphan, RollbackState.VERIFYING)
    assert zones.served() == {"default": True, "dmz": True}
    assert drove(there, orphan)
    assert not drove(here, orphan)


def log(console: Console, name: str) -> str:
    (named,) = [each for each in console.processes if each.name.startswith(name)]
    return named.said()


@pytest.fixture
def rabbit() -> Iterator[RabbitMq]:
    if not BIN.exists():
        pytest.skip("RabbitMQ is not installed")
    with RabbitMq() as server:
        yield server


@pytest.mark.slow
def test_rabbitmq_may_be_the_broker_and_may_go_away(
    tmp_path: Path,
    redis: Redis,
    rabbit: RabbitMq,
    sshd: Sshd,
    django_db_blocker: Any,
) -> None:
    url = sqlite(tmp_path)
    console = Console(tmp_path, url, redis.url, environment={"BROKER_URL": rabbit.url})
    with django_db_blocker.unblock(), working_on(url):
        try:
            place = console.place(sshd.address())
            worker, sweeper = console.worker(), console.sweeper()
            web = console.web()
            until(lambda: web.get("/readyz").json["worker"] == "ok", "all of it is there")
            assert web.get("/readyz").json["broker"] == "ok"
            first = make.approved(place)
            comes_to(first, RollbackState.VERIFYING)
            assert drove(worker, first)
            assert "step.started" not in sweeper.said()

            rabbit.kill()
            tally.struck("kills")
            assert web.get("/readyz").json["broker"] == "missing"
            Rollback.objects.filter(pk=first.pk).update(state="succeeded")
            second = make.approved(console.place(sshd.address()))
            comes_to(second, RollbackState.VERIFYING)
            rabbit.start()
            third = make.approved(console.place(sshd.address()))
            comes_to(third, RollbackState.VERIFYING)
        finally:
            console.close()
