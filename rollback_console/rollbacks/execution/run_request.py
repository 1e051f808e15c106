"""From an attempt's row to what a follower needs to carry it out."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from rollback_console.engine.snapshot import Snapshot
from rollback_console.engine.states import StepState
from rollback_console.plans.errors import HostRefused
from rollback_console.plans.inventory.addresses import address, reach, secret_values
from rollback_console.plans.models import Host, Secret
from rollback_console.remote.protocol import RunRequest

from ..models import StepRun
from .follower import Work


def work_of(
    snapshot: Snapshot, run: StepRun, hosts: Mapping[str, Host], *, fresh: bool
) -> tuple[Work, list[str]]:
    """The work of one attempt, and the secrets that its log must not show.

    Raises HostRefused when its host or a secret is not what was approved any more.
    """
    step = snapshot.step(run.position)
    secrets = secret_values(snapshot.environment, step.secrets)
    request = RunRequest(
        token=str(run.token),
        script=step.script,
        environment={name: snapshot.parameters[name] for name in step.environment},
        secrets=secrets,
        cwd=step.cwd,
        user=step.user,
        time_limit=step.time_limit,
        cap=settings.LOG_CAP,
    )
    started = run.state == StepState.RUNNING
    work = Work(
        request,
        reach(snapshot.host(run.host), hosts),
        run.stored,
        started,
        fresh,
        settings.CONNECT_PATIENCE,
        step.expect,
    )
    return work, list(secrets.values())


def stopping_work_of(run: StepRun, hosts: Mapping[str, Host]) -> tuple[Work, list[str]]:
    """What it takes to watch an attempt and stop it when its snapshot cannot be trusted.

    Its request is empty, so that nothing can start by it; all secrets of the environment are
    masked. Raises HostRefused when its host is gone.
    """
    host = hosts.get(run.host)
    if host is None:
        raise HostRefused(f"The host {run.host} was removed while a step ran there.")
    request = RunRequest(token=str(run.token), script="exit 1", cap=settings.LOG_CAP)
    started = run.state == StepState.RUNNING
    work = Work(request, address(host), run.stored, started, False, settings.CONNECT_PATIENCE)
    return work, [each.value for each in Secret.objects.filter(environment=host.environment_id)]
