"""Signing in to hosts on trial: handed to the workers that reach them, and done where none is."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import close_old_connections, transaction

from rollback_console.audit import kinds
from rollback_console.audit.record import record_change
from rollback_console.plans.models import Host, SignInTrial
from rollback_console.plans.permission import permit
from rollback_console.plans.readiness import sign_in_trials

from .. import tasks, zones

PATIENCE = timedelta(seconds=4)
"""After so long the sweep tries by itself."""


def try_sign_in(hosts: Iterable[Host], *, by: User) -> int:
    """Have workers sign in to these hosts; returns how many."""
    permit(by, "plans.change_host", "try hosts")
    with transaction.atomic():
        trials = sign_in_trials.enqueue_trials(hosts)
        if trials:
            _record(trials, by=by)
    for trial in trials:
        tasks.enqueue_trial(trial.pk)
    return len(trials)


def _record(trials: list[SignInTrial], *, by: User) -> None:
    """On record before any host hears of it: whose wish the console's sign-ins were."""
    names = sorted(each.host.name for each in trials)
    subject = trials[0].host if len(trials) == 1 else f"{len(trials)} hosts"
    record_change(kinds.SIGN_IN_TRIED, by=by, subject=subject, hosts=names)


def sweep(pool: ThreadPoolExecutor) -> None:
    """Try what no worker took, as far as this process reaches it."""
    for number in sign_in_trials.waiting_trials(PATIENCE, zones.ours()):
        pool.submit(_answer, number)


def _answer(number: int) -> None:
    try:
        sign_in_trials.answer_trial(number)
    finally:
        close_old_connections()
