"""Folders that hosts still keep of attempts whose outcome is stored.

A driver clears them away itself. One that died in between leaves this to the sweep.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from datetime import timedelta

from django.db import Error, close_old_connections

from rollback_console.engine.states import StepState
from rollback_console.plans.errors import HostRefused
from rollback_console.plans.inventory.addresses import reach
from rollback_console.remote.errors import RemoteError
from rollback_console.remote.protocol import HostAddress, Remote, RunRef

from .. import db_clock, zones
from ..errors import SnapshotChanged
from ..execution.approved_snapshot import approved_snapshot
from ..execution.connections import pool_of
from ..models import StepRun

log = logging.getLogger(__name__)

AFTER = timedelta(minutes=1)  # a driver has had the time
UNTIL = timedelta(days=1)  # a host that is gone is not asked for ever
MANY = 500
KEPT = frozenset({StepState.LOST, StepState.ABORT_UNCONFIRMED})
"""Of these the host keeps its folder: a person looks there before anybody goes on."""


def record_cleared(tokens: Iterable[str]) -> None:
    """The hosts have cleared these away. Never raises: what is not noted is cleared again."""
    try:
        StepRun.objects.filter(token__in=list(tokens)).update(cleared=True)
    except Error as error:
        log.warning("Could not note what hosts have cleared away: %s", error)


def clear_on_host(remote: Remote, refs: Iterable[RunRef]) -> bool:
    """Have a host clear these away; False where it does not answer or refuses, for a later try."""
    try:
        remote.acknowledge(*refs)
    except RemoteError as error:
        log.info("What is over stays on its host for now: %s", error)
        return False
    return True


def list_uncleared() -> list[StepRun]:
    """Attempts in our zones whose folder may still be there, the latest to end first."""
    ended = StepRun.objects.filter(
        cleared=False, ended_at__lt=db_clock.later(-AFTER), ended_at__gt=db_clock.later(-UNTIL)
    )
    near = ended.filter(rollback__environment__zone__in=zones.ours())
    rows = near.exclude(boot_id="").exclude(state__in=KEPT).prefetch_related("rollback")
    return list(rows.order_by("-ended_at")[:MANY])


def sweep(pool: Executor) -> None:
    """Begin to clear away, beside the sweep."""
    pool.submit(_clear_quietly)


def clear_folders(connect: Callable[[HostAddress], Remote] | None = None) -> int:
    """Clear away what is left, as far as hosts answer; how many that were."""
    silent: set[str] = set()
    cleared: list[str] = []
    for runs in _by_host(list_uncleared()):
        host = runs[0].host
        if host not in silent and _clear(runs, connect):
            cleared += [str(run.token) for run in runs]
        else:
            silent.add(host)
    record_cleared(cleared)
    return len(cleared)


def _by_host(rows: list[StepRun]) -> Iterable[list[StepRun]]:
    hosts: dict[tuple[int, str], list[StepRun]] = defaultdict(list)
    for run in rows:
        hosts[run.rollback_id, run.host].append(run)
    return hosts.values()


def _clear(runs: list[StepRun], connect: Callable[[HostAddress], Remote] | None) -> bool:
    pool, first = pool_of(connect), runs[0]
    try:
        address = reach(approved_snapshot(first.rollback).host(first.host), begun=True)
        remote = pool.take(address)
    except (HostRefused, RemoteError, SnapshotChanged) as error:
        log.info("The folder of %s stays on its host: %s", first, error)
        return False
    if not clear_on_host(remote, (RunRef(str(run.token), run.boot_id) for run in runs)):
        pool.discard(remote)
        return False
    pool.give_back(address, remote)
    return True


def _clear_quietly() -> None:
    try:
        clear_folders()
    except Error as error:
        log.warning("Nothing was cleared away this time: %s", error)
    finally:
        close_old_connections()
