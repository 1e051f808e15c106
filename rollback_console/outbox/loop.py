"""The outbox's own threads in the sweeper's process; the sweep itself never waits for them."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor

from django.conf import settings
from django.db import close_old_connections

from . import dispatch, due_notices, enqueue, retention

log = logging.getLogger(__name__)

AT_ONCE = 8

Sending = dict[int, tuple[int | None, Future[None]]]


def start_thread(stop: threading.Event) -> threading.Thread:
    """Work until `stop` is set."""
    thread = threading.Thread(target=_until, args=(stop,), name="outbox", daemon=True)
    thread.start()
    return thread


def _until(stop: threading.Event) -> None:
    pool = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="courier")
    sending: Sending = {}
    while not stop.is_set():
        send_round(pool, sending)
        stop.wait(settings.SWEEP_EVERY.total_seconds())
    pool.shutdown(wait=False, cancel_futures=True)


def send_round(pool: ThreadPoolExecutor, sending: Sending) -> None:
    """One round: write what is owed, forget what is old, send what is due, one a target."""
    close_old_connections()
    chores = (enqueue.events, due_notices.events, retention.sometimes)
    for work in (*chores, lambda: _send(pool, sending)):
        try:
            work()
        except Exception:
            log.exception("A round of the outbox failed; the next one tries again.")


def _send(pool: ThreadPoolExecutor, sending: Sending) -> None:
    for number in [number for number, (_, work) in sending.items() if work.done()]:
        del sending[number]
    busy = {target for target, _ in sending.values()}
    for number, target in dispatch.due(limit=200):
        if len(sending) < AT_ONCE and target not in busy and number not in sending:
            busy.add(target)
            sending[number] = (target, pool.submit(_carry, number))


def _carry(number: int) -> None:
    try:
        dispatch.send_delivery(number)
    except Exception:
        log.exception("Delivery %s broke off; it is tried again.", number)
    finally:
        close_old_connections()
