"""How a length of time is told."""

from __future__ import annotations

from datetime import timedelta

MINUTE, HOUR, DAY = 60, 3600, 86400


def duration(value: float | timedelta | None, unknown: str = "") -> str:
    """Such as `45 s`, `7 min 5 s`, `2 h 10 min` or `6 days 23 h`, from seconds.

    The two largest units; `unknown` for None; a negative length is `0 s`.
    """
    if value is None:
        return unknown
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    whole = max(round(seconds), 0)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return _two_units(whole // MINUTE, "min", whole % MINUTE, "s")
    if whole < 2 * DAY:
        return _two_units(whole // HOUR, "h", whole % HOUR // MINUTE, "min")
    return _two_units(whole // DAY, "days", whole % DAY // HOUR, "h")


def _two_units(big: int, unit: str, small: int, fraction: str) -> str:
    return f"{big} {unit} {small} {fraction}" if small else f"{big} {unit}"
