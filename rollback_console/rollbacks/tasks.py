"""What Celery carries: ids only. It decides nothing; losing a message loses time at most."""

from __future__ import annotations

import logging
import time
from typing import Any

from celery import current_app, shared_task
from django.db import transaction
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers

from rollback_console.plans.readiness import queue, sign_in_trials

from . import zones
from .execution.failpoints import failpoint

log = logging.getLogger(__name__)

_QUIET = 5.0
_PATIENCE = 2.0
_quiet_until = 0.0


@shared_task(name="rollbacks.advance", ignore_result=True)
def advance(rollback_id: int) -> None:
    """Drive one rollback for a slice, and ask for the next one."""
    from .execution import driver  # a web process, which only enqueues, never loads it

    if driver.advance(rollback_id):
        failpoint("slice.over")
        enqueue(rollback_id)


@shared_task(name="rollbacks.look", ignore_result=True)
def look(asking_id: int) -> None:
    """Ask the hosts for somebody who wants to know, where this worker reaches them."""
    if zones.is_ours(zones.zone_of_asking(asking_id)):
        queue.answer_asking(asking_id)


@shared_task(name="rollbacks.try_sign_in", ignore_result=True)
def try_sign_in(trial_id: int) -> None:
    """Sign in to a host for somebody who wants to know, where this worker reaches it."""
    if zones.is_ours(zones.zone_of_trial(trial_id)):
        sign_in_trials.answer_trial(trial_id)


def enqueue(rollback_id: int) -> bool:
    """Ask a worker to drive a rollback; False when the broker did not take it."""
    return enqueue_task(advance, rollback_id, zones.queue(zones.zone_of_rollback(rollback_id)))


def enqueue_look(asking_id: int) -> bool:
    """Have a worker of their zone ask the hosts; False when the broker did not take it."""
    return enqueue_task(look, asking_id, zones.queue(zones.zone_of_asking(asking_id)))


def enqueue_trial(trial_id: int) -> bool:
    """Have a worker of its zone sign in; False when the broker did not take it."""
    return enqueue_task(try_sign_in, trial_id, zones.queue(zones.zone_of_trial(trial_id)))


def enqueue_task(task: Any, number: int, queue: str) -> bool:
    """Hand a task to the broker, if it takes it.

    Never raises: the sweep finds whatever is due. After a failure the broker is left alone
    for a few seconds, so that a page does not wait for it.
    """
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return False
    try:
        _send(task, number, queue)
    except (OperationalError, LimitExceeded, OSError) as error:
        _quiet_until = time.monotonic() + _QUIET
        log.warning("The broker did not take %s %s: %s", task.name, number, error)
        return False
    return True


def _send(task: Any, number: int, queue: str) -> None:
    """With a patience of its own: a worker may wait long for messages, a page may not."""
    broker = current_app.connection_for_write(transport_options={"socket_timeout": _PATIENCE})
    with producers[broker].acquire(block=True, timeout=_PATIENCE) as producer:
        task.apply_async((number,), producer=producer, queue=queue, retry=False)


def enqueue_after_commit(rollback_id: int) -> None:
    """`enqueue` once the caller's transaction has committed."""

    def committed() -> None:
        failpoint("enqueue.before")
        enqueue(rollback_id)

    transaction.on_commit(committed, robust=True)


def look_after_commit(asking_id: int) -> None:
    """`enqueue_look` once the caller's transaction has committed."""
    transaction.on_commit(lambda: enqueue_look(asking_id), robust=True)
