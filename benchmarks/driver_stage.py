"""Rollbacks on thousands of hosts that exist in memory only."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from rollback_console.plans.models import Host, HostGroup, HostKey
from rollback_console.rollbacks.execution import driver
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.fleet import Fleet

from . import FOLDER
from .stage import free_environments


@contextmanager
def stage_without_hosts() -> Iterator[make.Stage]:
    """The stage of the tests on a database of its own, removed afterwards."""
    try:
        call_command("migrate", verbosity=0)
        yield make.stage()
    finally:
        connection.close()
        shutil.rmtree(FOLDER, ignore_errors=True)


def approved_on(stage: make.Stage, commands: list[str], hosts: int, batch: int) -> Rollback:
    """An approved rollback whose steps run on so many hosts, at most `batch` at once; 0: all."""
    free_environments()
    rolling = f" rolling={batch}" if batch else ""
    steps = "\n\n".join(
        f'### Step {number}: Run\n```bash hosts="{group(stage, hosts)}"{rolling} timeout=10m\n'
        f"{command}\n```"
        for number, command in enumerate(commands, start=1)
    )
    return make.approved(stage, f"# Rollback Plan\n\n## Rollback Steps\n\n{steps}\n")


def group(stage: make.Stage, hosts: int) -> str:
    """The name of a group of so many hosts, which are made where they are missing."""
    name = f"first-{hosts}-of-{stage.environment.pk}"
    made, is_new = HostGroup.objects.get_or_create(environment=stage.environment, name=name)
    if is_new:
        made.hosts.set(_hosts(stage, hosts))
    return name


def drive_to_its_end(rollback: Rollback, fleet: Fleet) -> None:
    """As a worker would, in this thread."""
    while driver.advance(rollback.pk, connect=fleet.connect):
        pass
    rollback.refresh_from_db()


def _hosts(stage: make.Stage, count: int) -> list[Host]:
    prefix = f"{stage.environment.slug}-"
    known = Host.objects.filter(name__startswith=prefix).count()
    credential = stage.host.credential
    made = Host.objects.bulk_create(
        Host(
            name=f"{prefix}{number}",
            environment=stage.environment,
            address="192.0.2.1",
            credential=credential,
        )
        for number in range(known, count)
    )
    moment = timezone.now()
    HostKey.objects.bulk_create(
        HostKey(
            host=host,
            type="ssh-ed25519",
            key=make.KEY,
            confirmed_by=stage.cast.ada,
            confirmed_at=moment,
        )
        for host in made
    )
    return list(Host.objects.filter(name__startswith=prefix).order_by("pk")[:count])
