"""From an attempt's row to what a follower needs to carry it out."""

from __future__ import annotations

from django.conf import settings

from rollback_console.engine.states import StepState
from rollback_console.plans.reach import reach, secret_values
from rollback_console.remote.base import RunRequest

from . import view
from .follower import Work
from .models import Rollback, StepRun


def work_of(rollback_id: int, run: StepRun, *, fresh: bool) -> tuple[Work, list[str]]:
    """The work of one attempt, and the secrets that its log must not show.

    Raises HostRefused when its host or a secret is not what was approved any more.
    """
    row = Rollback.objects.only("snapshot").get(pk=rollback_id)
    snapshot = view.snapshot_of(row.snapshot)
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
    address = reach(snapshot.host(run.host))
    work = Work(
        request, address, run.stored, started, fresh, settings.CONNECT_PATIENCE, step.expect
    )
    return work, list(secrets.values())
