"""Windows, search, download and polling, over HTTP from a real server."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from rollback_console.live.logs import window
from rollback_console.rollbacks.models import StepRun

from .rows import Rows
from .servers import Console


@pytest.fixture
def session(rows: Rows) -> str:
    return rows.session(rows.person())


def asked(web: Console, session: str, path: str, **query: object) -> Any:
    status, body, _ = web.get(f"{path}?{urlencode(query)}", session)
    assert status == 200, body
    return json.loads(body)


def stored(rows: Rows, data: bytes, *, pieces: int = 1, **fields: Any) -> Any:
    """A run whose log arrived in that many pieces of uneven size."""
    run = rows.run(rows.rollback(), **fields)
    cuts = sorted(random.Random(7).sample(range(1, len(data)), pieces - 1))
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        rows.append(run, data[start:end])
    return run


@pytest.mark.parametrize("pieces", [1, 40])
def test_a_window_holds_exactly_the_lines_asked_for(
    web: Console, rows: Rows, session: str, pieces: int
) -> None:
    lines = [f"{n} " + "é" * (n % 50) for n in range(9_000)]
    run = stored(rows, "\n".join(lines).encode(), pieces=pieces)
    for start, stop in [(0, 3), (4_321, 4_900), (8_990, 9_500)]:
        page = asked(web, session, f"/step-runs/{run.token}/lines/", **{"from": start, "to": stop})
        assert (page["first"], page["lines"]) == (start, lines[start:stop])
        assert (page["total"], page["cut"]) == (9_000, [])


def test_the_last_lines_say_where_live_frames_go_on(web: Console, rows: Rows, session: str) -> None:
    run = stored(rows, b"one\ntwo\nthr\xc3")
    page = asked(web, session, f"/step-runs/{run.token}/lines/", last=2)
    assert (page["lines"], page["open"], page["end"]) == (["two", "thr"], True, 11)
    rows.append(run, b"\xa9\n")
    page = asked(web, session, f"/step-runs/{run.token}/lines/", last=2)
    assert (page["lines"], page["open"], page["end"]) == (["two", "thré"], False, 14)


def test_a_line_too_long_to_show_is_cut_and_its_neighbours_are_whole(
    web: Console, rows: Rows, session: str
) -> None:
    long = b"=" * 300_000
    run = stored(rows, b"before\n" + long + b"\nafter\n", pieces=30)
    page = asked(web, session, f"/step-runs/{run.token}/lines/", **{"from": 0, "to": 10})
    assert [len(line) for line in page["lines"]] == [6, 16 * 1024, 5]
    assert (page["cut"], page["open"], page["end"]) == ([1], False, run_length(rows, run))


def test_an_empty_log_is_an_empty_window(web: Console, rows: Rows, session: str) -> None:
    run = rows.run(rows.rollback())
    page = asked(web, session, f"/step-runs/{run.token}/lines/", last=100)
    assert (page["lines"], page["total"], page["end"]) == ([], 0, 0)


def test_search_finds_each_line_once_even_across_rows(
    web: Console, rows: Rows, session: str
) -> None:
    lines = [f"line {n} {'ERROR error' if n % 500 == 7 else 'fine'}" for n in range(12_000)]
    run = stored(rows, "\n".join(lines).encode(), pieces=900)
    page = asked(web, session, f"/step-runs/{run.token}/matches/", q="Error")
    assert page == {"lines": list(range(7, 12_000, 500)), "more": False}
    page = asked(web, session, f"/step-runs/{run.token}/matches/", q="line")
    assert (page["lines"], page["more"]) == (list(range(1_000)), True)
    page = asked(web, session, f"/step-runs/{run.token}/matches/", q="error", after=11_000)
    assert page["lines"] == [11_007, 11_507]


@pytest.mark.parametrize("query", ["", "x" * 201, "two\nlines"])
def test_a_search_that_makes_no_sense_says_so(
    web: Console, rows: Rows, session: str, query: str
) -> None:
    run = rows.run(rows.rollback())
    path = f"/step-runs/{run.token}/matches/?{urlencode({'q': query})}"
    status, body, _ = web.get(path, session)
    assert status == 400
    assert b"1 to 200 characters" in body


def test_a_download_is_the_stored_bytes_and_nothing_that_a_browser_would_run(
    web: Console, rows: Rows, session: str
) -> None:
    written = random.Random(3).randbytes(700_000) + b"<script>alert(1)</script>\r\n\x1b[31m"
    run = stored(rows, written, pieces=20)
    status, body, headers = web.get(f"/step-runs/{run.token}/log", session)
    assert (status, body) == (200, written)
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-disposition"].startswith("attachment;")
    assert web.get(f"/step-runs/{run.token}/log?from=699990", session)[1] == written[699_990:]


def test_polling_brings_the_frames_a_socket_would(web: Console, rows: Rows, session: str) -> None:
    rollback = rows.rollback()
    run, other = rows.run(rollback), rows.run(rollback, host="app-2")
    rows.append(run, b"first\nsecond\n")
    rows.append(other, b"not shown here\n")
    path = f"/rollbacks/{rollback.pk}/pulse/"
    hello = asked(web, session, path)["frames"]
    assert [frame["type"] for frame in hello] == ["hello"]
    assert hello[0]["offsets"] == {str(run.token): 13, str(other.token): 15}
    offsets = json.dumps({str(run.token): 6})
    frames = asked(web, session, path, seq=1, offsets=offsets)["frames"]
    assert [frame["type"] for frame in frames] == ["hello", "event", "log"]
    assert (frames[2]["offset"], frames[2]["end"], frames[2]["text"]) == (6, 13, "second\n")


@pytest.mark.parametrize("pieces", [1, 300])
def test_a_window_costs_three_queries_however_the_log_arrived(rows: Rows, pieces: int) -> None:
    run = stored(rows, b"".join(b"line %d\n" % n for n in range(5_000)), pieces=pieces)

    def counted() -> int:
        read = StepRun.objects.get(pk=run.pk)
        with CaptureQueriesContext(connections["default"]) as queries:
            assert len(window.window(read, 2_000, 2_500).lines) == 500
        return len(queries)

    assert rows.do(counted) == 3


def test_nothing_of_it_is_for_somebody_signed_out(web: Console, rows: Rows) -> None:
    run = rows.run(rows.rollback())
    paths = [f"/step-runs/{run.token}/{each}" for each in ("log", "lines/?last=1", "matches/?q=a")]
    for path in [*paths, f"/rollbacks/{run.rollback_id}/pulse/"]:
        status, _, headers = web.get(path)
        assert (status, headers["location"].split("?")[0]) == (302, "/sign-in/")


def run_length(rows: Rows, run: Any) -> int:
    return int(rows.do(lambda: type(run).objects.get(pk=run.pk).stored))
