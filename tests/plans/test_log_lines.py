"""Which lines of a log came since the start, in every format; and when nobody can say it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_console.engine.snapshot import CheckSpec
from rollback_console.plans.readiness.automated_checks import interpret_check
from rollback_console.plans.readiness.log_lines import MOST_BYTES, LogFile, lines_since, read_head
from rollback_console.remote.protocol import Answer

START = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
SINCE = int(START.timestamp())
MADRID = timezone(timedelta(hours=1))

FORMATS = [
    "%Y-%m-%d %H:%M:%S,123 ERROR it broke",
    "%Y-%m-%dT%H:%M:%S.123456Z level=error it broke",
    "%Y-%m-%d %H:%M:%S +0000 it broke [error]",
    "%Y/%m/%d %H:%M:%S [error] 12#12: *3 it broke",
    "[%a %b %d %H:%M:%S.123456 %Y] [core:error] [pid 1] it broke",
    '10.0.0.1 - - [%d/%b/%Y:%H:%M:%S +0000] "GET / HTTP/1.1" 500 [error]',
    "%b %e %H:%M:%S app-1 app[12]: [error] it broke",
    "ERROR %Y-%m-%d %H:%M:%S it broke",
    "[error] [%Y-%m-%d %H:%M:%S] it broke",
    "E%m%d %H:%M:%S.123456 7 main.go:9] [error] it broke",
    '{"level":"error","ts":EPOCH.123,"msg":"it broke"}',
    '{"time":"%Y-%m-%dT%H:%M:%S+00:00","msg":"[error] it broke"}',
]


def write_at(pattern: str, seconds: int) -> str:
    """A line of this format, so many seconds after the start."""
    moment = START + timedelta(seconds=seconds)
    return moment.strftime(pattern.replace("EPOCH", str(SINCE + seconds)))


def log_file(text: str, *, zone: timezone = UTC, written: datetime | None = None) -> LogFile:
    last = int((written or START + timedelta(minutes=2)).timestamp())
    return LogFile(len(text.encode()), last, 0, SINCE + 200, zone)


@pytest.mark.parametrize("pattern", FORMATS)
def test_lines_since_the_start_are_told_in_every_format(pattern: str) -> None:
    before, after = (write_at(pattern, shift) for shift in (-90, 90))
    text = "\n".join([before, "  at old()", after, "  at f()"])
    lines = lines_since(log_file(text), text, SINCE)
    assert (lines.doubt, lines.lines) == ("", (after, "  at f()"))


@pytest.mark.parametrize("clock", [UTC, MADRID], ids=["UTC", "the host's"])
def test_a_time_without_a_zone_is_the_one_that_fits_the_last_write(clock: timezone) -> None:
    text = "\n".join(
        (START + timedelta(seconds=shift)).astimezone(clock).strftime("%Y-%m-%d %H:%M:%S x")
        for shift in (-60, 60)
    )
    lines = lines_since(log_file(text, zone=MADRID), text, SINCE)
    assert (lines.doubt, len(lines.lines)) == ("", 1)


def test_a_time_in_neither_zone_answers_nothing() -> None:
    tokyo = (START + timedelta(seconds=60)).astimezone(timezone(timedelta(hours=9)))
    text = tokyo.strftime("%Y-%m-%d %H:%M:%S fine")
    assert "neither the host's nor UTC" in lines_since(log_file(text), text, SINCE).doubt


def test_lines_without_any_time_answer_nothing() -> None:
    assert "No line of it" in lines_since(log_file("up\nfine\n"), "up\nfine\n", SINCE).doubt


def test_a_log_that_was_rotated_since_the_start_answers_nothing() -> None:
    file = LogFile(10, SINCE + 60, SINCE + 30, SINCE + 90, UTC)
    assert "rotated" in lines_since(file, "2026-11-30 12:01:00 x", SINCE).doubt


def test_more_than_is_read_answers_nothing() -> None:
    line = (START + timedelta(seconds=60)).strftime("%Y-%m-%dT%H:%M:%SZ x")
    file = LogFile(MOST_BYTES + 1, SINCE + 60, 0, SINCE + 90, UTC)
    assert "900 kB" in lines_since(file, f"cut line\n{line}\n{line}", SINCE).doubt


def test_a_log_not_written_since_the_start_has_no_lines() -> None:
    file = log_file("no time here", written=START - timedelta(minutes=1))
    assert lines_since(file, "no time here", SINCE) == lines_since(file, "", SINCE)


def test_a_host_whose_clock_is_off_is_read_by_its_own_clock() -> None:
    behind = START - timedelta(hours=1)
    line = (behind + timedelta(seconds=60)).strftime("%Y-%m-%dT%H:%M:%SZ [error] it broke")
    head = f"{len(line)} {int(behind.timestamp()) + 60} 0 {int(behind.timestamp()) + 70} +0000"
    check = CheckSpec("log", "No errors", look="log", target="/a.log", without=("[error]",))
    answer = Answer(0, f"{head}\n{line}\n".encode(), b"")
    observed = interpret_check(check, answer, SINCE, SINCE + 70)
    assert not observed.well
    assert "it broke" in observed.evidence


@pytest.mark.parametrize(
    ("errors", "says"),
    [
        (b"Hint: You are currently not seeing messages from other users.\n", "may not read"),
        (b"No journal files were found.\n", "keeps no journal"),
    ],
)
def test_a_journal_that_cannot_be_read_answers_nothing(errors: bytes, says: str) -> None:
    check = CheckSpec("log", "No errors", look="log", target="shop.service", without=("ERROR",))
    observed = interpret_check(check, Answer(0, b"-- No entries --\n", errors))
    assert not observed.well
    assert says in observed.evidence


@given(st.text(), st.integers(0, 2**40), st.integers(0, 2**40))
def test_whatever_stands_in_a_log_is_read_or_doubted(text: str, size: int, written: int) -> None:
    lines = lines_since(LogFile(size, written, 0, SINCE, UTC), text, SINCE)
    assert not (lines.doubt and lines.lines)


@pytest.mark.parametrize(
    "line", ["", "1 2 3 4", "1 2 3 x +0000", "1 2 3 4 Mars", "1 2 3 4 +0000 5"]
)
def test_a_head_that_is_not_ours_is_refused(line: str) -> None:
    assert read_head(line) is None
