"""The lines of a log that were written since a moment, or why nobody can say which those are.

A check that looks for errors must not hold because it could not read a time: whatever is in
doubt here is a reason to ask a person. Times are seconds since 1970.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from rollback_console.common.host_numbers import read_number

MOST_BYTES = 900_000
"""How much of a log's end is read."""

_NEAR_THE_START = 160  # letters of a line that may hold its time
_DRIFT = 600  # seconds between a log's last time and its last write that still speak of one clock

_CLOCK = r"(?P<H>\d\d):(?P<M>\d\d):(?P<S>\d\d)"
_ZONE = r"(?:[.,]\d{1,9})?\s?(?P<zone>Z\b|UTC\b|GMT\b|[+-]\d\d:?\d\d\b)?"
_MONTH = r"(?P<mon>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
# The formats of common servers and logging libraries, in the order they are tried.
_FORMATS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?P<y>\d{{4}})[-/](?P<m>\d\d)[-/](?P<d>\d\d)[T ]{_CLOCK}{_ZONE}",  # ISO 8601, nginx
        rf"\b(?P<d>\d\d)/{_MONTH}/(?P<y>\d{{4}}):{_CLOCK}{_ZONE}",  # Common Log Format
        rf"\b{_MONTH} +(?P<d>\d\d?) {_CLOCK}(?:\.\d{{1,9}})? (?P<y>\d{{4}})\b",  # Apache, ctime
        rf"\b{_MONTH} +(?P<d>\d\d?) (?:(?P<y>\d{{4}}) )?{_CLOCK}{_ZONE}",  # syslog, RFC 3164
        rf"^[IWEFD](?P<m>\d\d)(?P<d>\d\d) {_CLOCK}",  # glog, klog
        r"\"(?:ts|time|timestamp|@timestamp)\" ?: ?\"?(?P<epoch>\d{10})(?:\d{3})?[.\",} ]",
    )
)
_MONTHS = {
    "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6,
    "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11, "Dec": 12,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LogLines:
    """`lines` written since the moment, or `doubt`: a sentence that says why that is not known."""

    lines: tuple[str, ...] = ()
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class LogFile:
    """What a host says of a file beside its end: `size` in bytes, when it was `written` last and
    the one before it was closed (`rotated`, 0 without one), its clock `now` and its offset."""

    size: int
    written: int
    rotated: int
    now: int
    zone: timezone


def read_head(line: str) -> LogFile | None:
    """The first line of a host's answer: five fields; None when it is anything else."""
    fields = line.split()
    numbers = [read_number(each) for each in fields[:4]]
    zone = _offset(fields[4]) if len(fields) == 5 else None
    if zone is None or any(number is None for number in numbers):
        return None
    size, written, rotated, now = (number or 0 for number in numbers)
    return LogFile(size, written, rotated, now, zone)


def lines_since(file: LogFile, text: str, since: int) -> LogLines:
    """The lines of the file's end (`text`) written at `since` or later.

    A line without a time belongs to the one above it. A time without a zone is the host's or
    UTC, whichever fits the moment at which the file was written last.
    """
    if file.written < since:
        return LogLines()
    if file.rotated >= since:
        return LogLines(doubt="It was rotated since the start, so some lines are in another file.")
    rows = text.splitlines()
    if cut := file.size > MOST_BYTES:
        rows = rows[1:]
    times = [_time_in(row, file.now) for row in rows]
    clock = _clock_of(file, times)
    if clock is None:
        return LogLines(doubt=_why_no_clock(times))
    return _since(rows, _as_seconds(times, clock), since, cut)


def _since(rows: Sequence[str], times: Sequence[int | None], since: int, cut: bool) -> LogLines:
    first = next((time for time in times if time is not None), since)
    if cut and first >= since:
        megabyte = (
            "More was written since the start than the last 900 kB, which are all that is read."
        )
        return LogLines(doubt=megabyte)
    kept, is_on = [], first >= since
    for row, time in zip(rows, times, strict=True):
        is_on = is_on if time is None else time >= since
        if is_on:
            kept.append(row)
    return LogLines(tuple(kept))


def _time_in(row: str, now: int) -> datetime | None:
    """The first time in a line; without a zone where the line names none."""
    start = row[:_NEAR_THE_START]
    matches = (pattern.search(start) for pattern in _FORMATS)
    return next((_moment(match, now) for match in matches if match), None)


def _moment(match: re.Match[str], now: int) -> datetime | None:
    parts = match.groupdict()
    if parts.get("epoch"):
        return datetime.fromtimestamp(int(parts["epoch"]), UTC)
    month = _MONTHS[parts["mon"]] if parts.get("mon") else int(parts["m"])
    year = int(parts["y"]) if parts.get("y") else _year_of(month, now)
    clock = (int(parts["H"]), int(parts["M"]), min(int(parts["S"]), 59))
    try:
        return datetime(year, month, int(parts["d"]), *clock, tzinfo=_offset(parts.get("zone")))
    except ValueError:
        return None


def _year_of(month: int, now: int) -> int:
    """A format without a year: in January, December is last year's."""
    today = datetime.fromtimestamp(now, UTC)
    ahead = month - today.month
    return today.year - (ahead > 6) + (ahead < -6)


def _offset(text: str | None) -> timezone | None:
    if not text:
        return None
    if text in {"Z", "UTC", "GMT"}:
        return UTC
    match = re.fullmatch(r"([+-])([01]\d|2[0-3]):?([0-5]\d)", text)
    if not match:
        return None
    shift = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-shift if match[1] == "-" else shift)


def _clock_of(file: LogFile, times: Iterable[datetime | None]) -> tzinfo | None:
    """The zone of times that name none; None when there is no time or no zone that fits."""
    known = [time for time in times if time is not None]
    bare = [time for time in known if time.tzinfo is None]
    if not bare:
        return UTC if known else None
    fits = (zone for zone in (file.zone, UTC) if _fits(bare[-1], zone, file.written))
    return next(fits, None)


def _fits(last: datetime, zone: tzinfo, written: int) -> bool:
    return abs(last.replace(tzinfo=zone).timestamp() - written) <= _DRIFT


def _why_no_clock(times: Iterable[datetime | None]) -> str:
    if any(time is not None for time in times):
        return (
            "The times in it are neither the host's nor UTC, so it is not known which lines came"
            " since the start."
        )
    return "No line of it begins with a time that can be read."


def _as_seconds(times: Iterable[datetime | None], clock: tzinfo) -> list[int | None]:
    def seconds(time: datetime) -> int:
        return int((time if time.tzinfo else time.replace(tzinfo=clock)).timestamp())

    return [None if time is None else seconds(time) for time in times]
