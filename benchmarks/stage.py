"""A console in a temporary folder, and an sshd with as many host names as are wanted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection

from rollback_console.plans.models import Host
from rollback_console.remote.protocol import RunnerKind
from rollback_console.rollbacks.execution import driver
from rollback_console.rollbacks.models import Lock, Rollback
from tests import make

from . import FOLDER
from .metered import MeteredSshd

ADDRESSES = [f"127.0.0.{number}" for number in range(1, 14)]  # all of the one sshd
OPTIONS = (
    *("MaxStartups 1000", "MaxSessions 200"),
    *(f"ListenAddress {address}" for address in ADDRESSES[1:]),
)


@contextmanager
def console() -> Iterator[tuple[make.Stage, MeteredSshd]]:
    """The stage of the tests, with its first host on a real sshd; all removed afterwards."""
    sshd = MeteredSshd(Path(FOLDER) / "sshd", options=OPTIONS).start()
    try:
        call_command("migrate", verbosity=0)
        yield make.stage(address=sshd.address(name="app-1")), sshd
    finally:
        connection.close()
        sshd.remove()
        shutil.rmtree(FOLDER, ignore_errors=True)


def hosts(stage: make.Stage, sshd: MeteredSshd, count: int) -> list[str]:
    """Names of `count` hosts, all of them this one sshd, by addresses of which each has its share.

    The console signs in at no address more than a few times at once, as it would at one host.
    """
    names = [f"app-{number}" for number in range(1, count + 1)]
    known = set(Host.objects.values_list("name", flat=True))
    for number, name in enumerate(names):
        if name not in known:
            place = sshd.address(name=name, address=ADDRESSES[number % len(ADDRESSES)])
            make.host(stage.environment, name, stage.cast.ada, place)
    return names


def use_runner(name: str, kind: RunnerKind) -> None:
    """What runs commands on this host from now on."""
    Host.objects.filter(name=name).update(runner=kind)


def approved(stage: make.Stage, commands: list[str], names: list[str]) -> Rollback:
    """An approved rollback whose steps are these commands, each on all these hosts."""
    return make.approved(stage, _plan(commands, names))


def requested(stage: make.Stage, commands: list[str], names: list[str]) -> Rollback:
    """The same before anybody approved it."""
    return make.requested(stage, _plan(commands, names))


def _plan(commands: list[str], names: list[str]) -> str:
    free_environments()
    steps = "\n\n".join(
        f'### Step {number}: Run\n```bash hosts="{" ".join(names)}" timeout=10m\n{command}\n```'
        for number, command in enumerate(commands, start=1)
    )
    return f"# Rollback Plan\n\n## Rollback Steps\n\n{steps}\n"


def free_environments() -> None:
    """Whatever holds one is over."""
    Rollback.objects.exclude(lock=None).update(state="aborted")
    clear_locks()


def clear_locks() -> None:
    """Benchmarks leave nothing under way."""
    Lock.objects.all().delete()


def drive(rollback: Rollback, **options: Any) -> Rollback:
    """To its end, in this process, as a worker would."""
    while driver.advance(rollback.pk, **options):
        pass
    rollback.refresh_from_db()
    assert rollback.state == "succeeded", (rollback.state, rollback.question)
    return rollback
