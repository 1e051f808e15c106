"""When to look again: closely at first, then ever less often, as monitoring plans have it."""

from __future__ import annotations

from datetime import datetime, timedelta

PHASES = (
    (timedelta(minutes=30), timedelta(0)),
    (timedelta(hours=2), timedelta(minutes=15)),
    (timedelta(days=1), timedelta(hours=1)),
    (timedelta(days=7), timedelta(days=1)),
)
"""Until how long after the deployment, and how long between two looks at least."""

LONGEST = PHASES[-1][0]

TROUBLED = timedelta(seconds=60)
"""Between two looks later on while something is wrong: failures in a row are counted in minutes,
not in days."""


def next_look(deployed_at: datetime, now: datetime, every: int, *, calm: bool) -> datetime | None:
    """When a trigger that was just looked at is due again; None once its time is over.

    `every` is in seconds. `calm` is False while it fails, fires or cannot be known.
    """
    age, close = now - deployed_at, timedelta(seconds=every)
    if age >= LONGEST:
        return None
    phase = next(pause for until, pause in PHASES if age < until)
    pause = phase if calm else min(phase, TROUBLED)
    return now + max(pause, close)
