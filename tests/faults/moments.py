"""Which fault of the table kills a process at which failpoint, and on which visit."""

from __future__ import annotations

WORKER = {
    "lease.claimed": (1, "before anything is decided"),
    "attempt.before-commit": (2, "before the second attempt is committed"),
    "attempt.committed": (2, "committed, before it is connected"),
    "follower.connected": (2, "connected, nothing said yet"),
    "launch.started": (2, "launched, the answer not recorded"),
    "log.received": (2, "mid-log"),
    "log.half-written": (2, "between chunk and offset"),
    "log.stored": (2, "chunk and offset stored"),
    "outcome.received": (2, "the end read, before it is recorded"),
    "outcome.stored": (2, "the end recorded, before the host may forget it"),
    "step.between": (1, "between two steps"),
    "folders.clearing": (1, "the slice given back, its folders still on the hosts"),
    "slice.over": (1, "between two slices"),
}
"""Failpoints of a process that drives."""

WATCH = {
    "watch.claimed": (1, "claimed, not yet looked at"),
    "watch.looked": (1, "looked at, not yet stored"),
}
"""Failpoints of a worker that watches."""

WEB = {
    "enqueue.before": (1, "the approval committed, the worker not yet called"),
    "approve.committed": (1, "the approval committed, the answer not yet sent"),
}
"""Failpoints of a process that answers people."""
