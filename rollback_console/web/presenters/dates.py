"""Moments as people say them, always with the absolute value beside."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import dateformat
from django.utils.translation import gettext, ngettext

from rollback_console.common.durations import DAY, HOUR, MINUTE


def read_moment(value: datetime | str | None) -> datetime | None:
    """A moment in UTC from a datetime or ISO 8601 text; None for nothing.

    Text without a zone is UTC. Raises ValueError for other text.
    """
    if not value:
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def absolute(moment: datetime) -> str:
    """Such as `25 Nov 2026 12:15:08 UTC`."""
    return f"{dateformat.format(moment, 'j M Y H:i:s')} UTC"


def clock(moment: datetime, now: datetime) -> str:
    """Such as `12:15:08 UTC`, with the day before it when that is not today."""
    if moment.date() == now.date():
        return f"{moment:%H:%M:%S} UTC"
    return f"{moment.day} {moment:%b %H:%M:%S} UTC"


def relative(moment: datetime, now: datetime) -> str:
    """Such as `4 min ago` or `in 2 h`; a date once it is more than two weeks away."""
    seconds = (now - moment).total_seconds()
    if abs(seconds) > 14 * DAY:
        return dateformat.format(moment, "j M Y")
    if abs(seconds) < MINUTE:
        return gettext("just now") if seconds >= 0 else gettext("in under a minute")
    amount = _largest(abs(seconds))
    pattern = gettext("{amount} ago") if seconds > 0 else gettext("in {amount}")
    return pattern.format(amount=amount)


def _largest(seconds: float) -> str:
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min"
    if seconds < DAY:
        return f"{int(seconds // HOUR)} h"
    days = int(seconds // DAY)
    return f"{days} {ngettext('day', 'days', days)}"
