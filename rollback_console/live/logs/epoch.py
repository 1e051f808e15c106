"""Moments as whole numbers since 1970: milliseconds for scripts, microseconds for places."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 253_402_300_799_999_999


def milliseconds(at: datetime) -> int:
    """The moment, rounded down."""
    return (at - _BEGIN) // timedelta(milliseconds=1)


def microseconds(at: datetime) -> int:
    """The moment, as exactly as the database keeps it."""
    return (at - _BEGIN) // timedelta(microseconds=1)


def moment(count: int) -> datetime:
    """The moment that many microseconds after 1970. Raises ValueError past the year 9999."""
    if not 0 <= count <= _LAST:
        raise ValueError("This is no moment.")
    return _BEGIN + timedelta(microseconds=count)
