"""Times and durations as people say them, always with the absolute value beside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

MINUTE, HOUR, DAY = 60, 3600, 86400


def read(value: datetime | str | None) -> datetime | None:
    """A moment in UTC from a datetime or ISO 8601 text; None for nothing.

    Text without a zone is UTC. Raises ValueError for other text.
    """
    if not value:
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def absolute(moment: datetime) -> str:
    """Such as `25 Nov 2026 12:15:08 UTC`."""
    return f"{moment.day} {moment:%b %Y %H:%M:%S} UTC"


def relative(moment: datetime, now: datetime) -> str:
    """Such as `4 min ago` or `in 2 h`; a date once it is more than two weeks away."""
    seconds = (now - moment).total_seconds()
    if abs(seconds) > 14 * DAY:
        return f"{moment.day} {moment:%b %Y}"
    if abs(seconds) < MINUTE:
        return "just now" if seconds >= 0 else "in under a minute"
    amount = _largest(abs(seconds))
    return f"{amount} ago" if seconds > 0 else f"in {amount}"


def duration(value: float | timedelta | None) -> str:
    """Such as `45 s`, `7 min 5 s`, `2 h 10 min` or `6 days 23 h`, from seconds; "" for None."""
    if value is None:
        return ""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    whole = max(round(seconds), 0)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return _two(whole // MINUTE, "min", whole % MINUTE, "s")
    if whole < 2 * DAY:
        return _two(whole // HOUR, "h", whole % HOUR // MINUTE, "min")
    return _two(whole // DAY, "days", whole % DAY // HOUR, "h")


def _largest(seconds: float) -> str:
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min"
    if seconds < DAY:
        return f"{int(seconds // HOUR)} h"
    days = int(seconds // DAY)
    return f"{days} day{'s' * (days != 1)}"


def _two(big: int, unit: str, small: int, fraction: str) -> str:
    return f"{big} {unit} {small} {fraction}" if small else f"{big} {unit}"
