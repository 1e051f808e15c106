"""What a web process counts of its sockets, for /metrics; shared over all processes of a host."""

from __future__ import annotations

import time
from datetime import datetime

from prometheus_client import Gauge, Histogram

sockets = Gauge(
    "rollback_console_sockets",
    "Sockets that watch a rollback now.",
    multiprocess_mode="livesum",
)
_chunk_lag = Histogram(
    "rollback_console_chunk_lag_seconds",
    "From the storing of a log chunk to its frame in a web process that watches.",
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)


def arrived(stored_at: datetime | None) -> None:
    """Note that what was stored then is on its way to sockets now; None: nothing was."""
    if stored_at:
        _chunk_lag.observe(max(time.time() - stored_at.timestamp(), 0.0))
