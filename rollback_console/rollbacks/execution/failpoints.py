"""Named places where a test may kill the process; inert unless settings allow it."""

from __future__ import annotations

import os
import signal
from collections import Counter
from threading import Lock

from django.conf import settings

NAMES = frozenset(
    {
        "approve.committed",
        "attempt.before-commit",
        "attempt.committed",
        "enqueue.before",
        "folders.clearing",
        "follower.connected",
        "launch.started",
        "lease.claimed",
        "log.half-written",
        "log.received",
        "log.stored",
        "outcome.received",
        "outcome.stored",
        "slice.over",
        "step.between",
        "watch.claimed",
        "watch.looked",
    }
)

_visits: Counter[str] = Counter()
_lock = Lock()


def failpoint(name: str) -> None:
    """Die by SIGKILL on the n-th visit when ROLLBACK_CONSOLE_CRASH is `name:n`."""
    if not settings.CRASH:
        return
    chosen, _, count = settings.CRASH.partition(":")
    with _lock:
        _visits[name] += 1
        hit = name == chosen and _visits[name] == int(count or 1)
    if hit:
        os.kill(os.getpid(), signal.SIGKILL)
