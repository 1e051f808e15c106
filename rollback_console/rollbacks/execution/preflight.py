"""The hosts are asked once more between the approval and the first step.

No lease is held meanwhile, so that whoever asks may die: nothing has begun, the rollback stays
due, and another asks or goes on. What the answers mean is the environment's rule (ready_rule).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings

from rollback_console.engine.states import RollbackState
from rollback_console.plans.models import Asking
from rollback_console.plans.readiness import check, queue
from rollback_console.remote import ssh
from rollback_console.remote.protocol import HostAddress, Remote

from .. import db_clock
from ..models import Rollback
from ..permissions import rights

FRESH = timedelta(minutes=1)
"""Answers that young are not asked for again."""

WITHIN = timedelta(seconds=30)
"""How long hosts are asked; what was not asked by then keeps its last answer."""

_LOOK = 0.1


def hosts_were_asked(
    rollback_id: int, connect: Callable[[HostAddress], Remote] | None = None
) -> bool:
    """Whether the rollback may be driven; False while somebody else asks its hosts.

    Asks by itself where it is to start and nobody has just asked.
    """
    row = _starting(rollback_id)
    if row is None or _is_ready(row):
        return True
    if not _others_done(row):
        return False
    if _is_ready(row):
        return True
    asking = queue.enqueue_asking(row.revision, row.choices, why="start")
    if asking is None or asking.snapshot_sha256 != row.snapshot_sha256:
        return True
    return queue.answer_asking(asking.pk, connect or ssh.connect, within=WITHIN.total_seconds())


def _starting(rollback_id: int) -> Rollback | None:
    """The rollback, where its hosts have to be asked before it starts."""
    if not settings.READINESS_EVERY:
        return None
    rows = Rollback.objects.filter(
        pk=rollback_id, state=RollbackState.APPROVED, start_asked=True, lease_until=None
    )
    row = rows.select_related("revision__plan__environment", "environment").first()
    return None if row is None or rights.glass_broken(row) else row


def _is_ready(row: Rollback) -> bool:
    """What was just heard says that it would work."""
    readiness = check.latest(row.revision, row.snapshot_sha256)
    return readiness.at is not None and not readiness.red and readiness.at > db_clock.now() - FRESH


def _others_done(row: Rollback) -> bool:
    """Wait for who asks already, but not longer than until a sweep comes by again."""
    ends = time.monotonic() + settings.SWEEP_EVERY.total_seconds()
    while _asked_now(row):
        if time.monotonic() >= ends:
            return False
        time.sleep(_LOOK)
    return True


def _asked_now(row: Rollback) -> bool:
    """Somebody asks already, and was not given up on."""
    about = Asking.objects.filter(revision=row.revision, snapshot_sha256=row.snapshot_sha256)
    return about.filter(done_at=None, taken_at__gt=db_clock.later(-2 * WITHIN)).exists()
