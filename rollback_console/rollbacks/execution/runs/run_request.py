"""From an attempt's row to what a follower needs to carry it out."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from rollback_console.engine.snapshot import Snapshot, StepSpec
from rollback_console.engine.states import StepState
from rollback_console.plans.errors import HostRefused
from rollback_console.plans.inventory.addresses import address, reach, secret_values
from rollback_console.plans.models import Host
from rollback_console.plans.snapshot.dump_steps import (
    DUMP_PATH,
    DUMP_RUN,
    DUMP_SHA256,
    DUMP_SIZE,
)
from rollback_console.remote.protocol import RunRequest

from ... import database_dumps
from ...models import StepRun
from .follower import Work


def work_of(
    snapshot: Snapshot,
    run: StepRun,
    hosts: Mapping[str, Host],
    *,
    fresh: bool,
    masked: frozenset[str],
) -> Work:
    """The work of one attempt; what its host says must not show what is `masked`.

    Raises HostRefused when its host or a secret is not what was approved any more, and where it is
    to put back a dump that this rollback does not have on record.
    """
    step = snapshot.step(run.position)
    started = run.state == StepState.RUNNING
    # What runs was sent its secrets: they are masked (values_to_mask), and not sent again.
    names = () if started else step.secrets
    secrets = secret_values(snapshot.environment, names, snapshot.secrets)
    request = RunRequest(
        token=str(run.token),
        script=step.script,
        environment=_environment(snapshot, step, run),
        secrets=secrets,
        cwd=step.cwd,
        user=step.user,
        strict=step.strict,
        login=step.login,
        time_limit=step.time_limit,
        cap=settings.LOG_CAP,
    )
    return Work(
        request,
        reach(snapshot.host(run.host), hosts, begun=started),
        run.stored,
        started,
        fresh,
        settings.CONNECT_PATIENCE,
        step.expect,
        masked | frozenset(secrets.values()),
    )


def _environment(snapshot: Snapshot, step: StepSpec, run: StepRun) -> dict[str, str]:
    values = {name: snapshot.parameters[name] for name in step.environment}
    if step.keeps:
        return {**values, DUMP_RUN: str(run.token)}
    if not step.restores:
        return values
    dump = database_dumps.dump_to_restore(run.rollback, snapshot)
    if dump is None:
        raise HostRefused(database_dumps.why_no_restore(run.rollback))
    if dump.host != run.host:
        raise HostRefused(f"The dump on record is on {dump.host}, not on {run.host}.")
    return {**values, DUMP_PATH: dump.path, DUMP_SIZE: str(dump.size), DUMP_SHA256: dump.sha256}


def stopping_work_of(run: StepRun, hosts: Mapping[str, Host], *, masked: frozenset[str]) -> Work:
    """What it takes to watch an attempt and stop it when its snapshot cannot be trusted.

    Its request is empty, so that nothing can start by it. Raises HostRefused when its host is
    gone or the way to it is a loop.
    """
    host = hosts.get(run.host)
    if host is None:
        raise HostRefused(f"The host {run.host} was removed while a step ran there.")
    request = RunRequest(token=str(run.token), script="exit 1", cap=settings.LOG_CAP)
    started = run.state == StepState.RUNNING
    return Work(
        request,
        address(host),
        run.stored,
        started,
        fresh=False,
        patience=settings.CONNECT_PATIENCE,
        secrets=masked,
    )
