"""Times, colours and matches of lines, and the hosts of a step as one log by time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from rollback_console.live.logs.ansi_state import pen

from .client import Client
from .rows import Rows
from .servers import Console

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def asked(web: Console, session: str, path: str, **query: object) -> Any:
    status, body, _ = web.get(f"{path}?{urlencode(query)}", session)
    assert status == 200, body
    return json.loads(body)


@pytest.fixture
def session(rows: Rows) -> str:
    return rows.session(rows.person())


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def since_noon(milliseconds: int) -> float:
    return milliseconds / 1000 - NOON.timestamp()


def test_a_window_says_when_its_lines_arrived(web: Console, rows: Rows, session: str) -> None:
    run = rows.run(rows.rollback())
    rows.append(run, b"one\ntwo\nthr", at=later(0))
    rows.append(run, b"ee\nfour\n", at=later(1.25))
    answer = asked(web, session, f"/step-runs/{run.token}/lines/", last=3)
    assert [(line, since_noon(at)) for line, at in answer["times"]] == [(1, 0), (3, 1.25)]
    answer = asked(web, session, f"/step-runs/{run.token}/matches/", q="T", texts=1)
    assert [(text, since_noon(at)) for at, text in answer["texts"]] == [("two", 0), ("three", 0)]
    assert (answer["lines"], answer["total"]) == ([1, 2], 4)


def test_a_log_frame_says_from_which_of_its_lines_on_they_arrived_when(
    web: Console, rows: Rows, session: str
) -> None:
    run = rows.run(rows.rollback())
    rows.append(run, b"one\ntw", at=later(0))
    rows.append(run, b"o\nthree\n", at=later(2))
    rows.append(run, b"four\n", at=later(3))
    with Client(web, run.rollback_id, session) as client:
        client.resume()
        client.until(lambda: client.text(str(run.token)).endswith("four\n"))
        [frame] = [each for each in client.frames if each["type"] == "log"]
    assert [(line, since_noon(at)) for line, at in frame["times"]] == [(0, 0), (2, 2), (3, 3)]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (b"plain", ""),
        (b"\x1b[1;31mred and on", "1;31"),
        (b"\x1b[31mred\x1b[0m over", ""),
        (b"\x1b[31m\x1b[m\x1b[4m", "4"),
        (b"\x1b[31m\x1b[0;32m", "32"),
        (b"\x1b[38:5:9m", "38;5;9"),
        (b"\x1b[31m" * 99, ";".join(["31"] * 16)),
    ],
)
def test_the_pen_is_what_stands_since_the_last_reset(before: bytes, expected: str) -> None:
    assert pen(before) == expected


def test_a_window_begins_in_the_colours_of_what_came_before(
    web: Console, rows: Rows, session: str
) -> None:
    run = rows.run(rows.rollback())
    rows.append(run, b"\x1b[31m" + b"red\n" * 50)
    answer = asked(web, session, f"/step-runs/{run.token}/lines/", last=10)
    assert answer["pen"] == "31"


def written(rows: Rows, lines: int) -> tuple[Any, list[str]]:
    """Two hosts that write in turn, a chunk of three lines each, over chunk ends."""
    rollback = rows.rollback()
    runs = [rows.run(rollback, host=host) for host in ("app-1", "app-2")]
    for count in range(lines // 3):
        run = runs[count % 2]
        start = "" if count < 2 else "d\n"
        text = f"{start}{count} a\n{count} b\n{count} open en"
        rows.append(run, text.encode(), at=later(count / 1000))
    for run in runs:
        rows.append(run, b"d\n", at=later(lines))
    order = [f"{count} {each}" for count in range(lines // 3) for each in ("a", "b", "open end")]
    return rollback, order


def test_the_hosts_of_a_step_are_one_log_by_time(web: Console, rows: Rows, session: str) -> None:
    rollback, order = written(rows, 1_500)
    path = f"/rollbacks/{rollback.pk}/steps/1/lines/"
    page = asked(web, session, path)
    assert page["more"]
    lines = page["lines"]
    assert [line["text"] for line in lines] == order[-len(lines) :]
    while page["more"]:
        page = asked(web, session, path, before=lines[0]["place"])
        lines = page["lines"] + lines
    assert [line["text"] for line in lines] == order
    assert {line["host"] for line in lines} == {"app-1", "app-2"}
    page, again = {"more": True}, lines[:1]
    while page["more"]:
        page = asked(web, session, path, after=again[-1]["place"])
        again += page["lines"]
    assert again == lines


def test_a_place_that_was_not_given_here_is_refused(web: Console, rows: Rows, session: str) -> None:
    rollback = rows.rollback()
    for wrong in ("x", "1-2", "99999999999999999999999-1-1"):
        path = f"/rollbacks/{rollback.pk}/steps/1/lines/?after={wrong}"
        status, body, _ = web.get(path, session)
        assert (status, b"places that were given here" in body) == (400, True)


def test_the_merged_log_is_not_for_somebody_signed_out(web: Console, rows: Rows) -> None:
    path = f"/rollbacks/{rows.rollback().pk}/steps/1/lines/"
    assert web.get(path)[0] == 302
