"""What repeats is folded, and what a line says of itself is seen, in a real browser."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from rollback_console.live.logs import repeats

from .conftest import Tabs
from .looking import LIVE, chip
from .rows import Rows

pytestmark = pytest.mark.browser

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def waiting(count: int) -> list[str]:
    return [f"{n:05} waiting for the database, {n} s" for n in range(count)]


@pytest.mark.parametrize("pieces", [1, 300])
def test_runs_that_differ_only_in_digits_are_found_wherever_one_begins_to_look(
    rows: Rows, pieces: int
) -> None:
    lines = ["begin", *waiting(5_000), "done", *["same"] * 11, "x", *["7", "", "42"] * 4, "end"]
    data = "\n".join(lines).encode()
    run = rows.run(rows.rollback())
    cuts = sorted(random.Random(7).sample(range(1, len(data)), pieces - 1))
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        rows.append(run, data[start:end])
    rows.do(run.refresh_from_db)
    repeats_found = rows.do(repeats.find, run)
    assert (repeats_found.folds, repeats_found.next, repeats_found.more) == (
        [(2, 4_999), (5_015, 5_024)],
        5_027,
        False,
    )
    assert rows.do(repeats.find, run, 4_000).folds == [(4_001, 4_999), (5_015, 5_024)]
    assert rows.do(repeats.find, run, 5_020).folds == []
    assert rows.do(repeats.find, run, 9_999).folds == []


def test_what_repeats_is_one_line_until_it_is_opened_by_hand_by_key_or_by_a_link(
    tabs: Tabs, rows: Rows
) -> None:
    run = rows.run(rows.rollback())
    text = ["begin", *waiting(50_000), "between", *["same"] * 1_236, "end"]
    rows.append(run, ("\n".join(text) + "\n").encode())
    page = tabs.open(run.rollback_id)
    chip(page).to_have_text(LIVE)
    expect(page.locator(".log-lines code").last).to_have_text("end")
    page.locator("[data-body]").focus()
    page.keyboard.press("z")
    expect(page.get_by_role("button", name="Fold", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.locator(".fold button")).to_have_text(["… 49,998 lines", "… 1,234 lines"])
    shown = ["begin", text[1], text[50_000], "between", "same", "same", "end"]
    expect(page.locator(".log-lines code")).to_have_text(shown)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".fold button")).to_have_count(1)
    expect(page.locator("[data-body]")).to_be_focused()
    expect(page.locator("#L50010 code")).to_have_text("same")
    page.goto(f"{page.url.split('#')[0]}#L30000-L30002")
    expect(page.locator("#L30001.marked")).to_be_in_viewport()
    expect(page.locator("#L30001 code")).to_have_text(text[30_000])
    assert tabs.complaints == []


def test_a_link_shows_its_line_also_where_folds_are_found_later(tabs: Tabs, rows: Rows) -> None:
    run = rows.run(rows.rollback())
    text = [*waiting(3_000), "between", *waiting(3_000), "end"]
    rows.append(run, "\n".join(text).encode())
    page = tabs.open(run.rollback_id)
    chip(page).to_have_text(LIVE)
    page.keyboard.press("z")
    expect(page.locator(".fold button")).to_have_count(2)
    page.locator("#find").fill("02500 waiting")
    page.keyboard.press("Enter")
    expect(page.locator("#L2501.marked")).to_be_in_viewport()
    expect(page.locator(".fold button")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator("#L5502.marked")).to_be_in_viewport()


def test_a_fold_grows_with_the_log_and_what_follows_is_seen(tabs: Tabs, rows: Rows) -> None:
    run = rows.run(rows.rollback())
    rows.append(run, ("\n".join(waiting(400)) + "\n").encode())
    page = tabs.open(run.rollback_id)
    chip(page).to_have_text(LIVE)
    page.keyboard.press("z")
    expect(page.locator(".fold button")).to_have_text("… 398 lines")
    rows.append(run, ("\n".join(waiting(200)) + "\nready\n").encode())
    expect(page.locator(".fold button")).to_have_text("… 598 lines")
    expect(page.locator("#L601 code")).to_have_text("ready")
    assert set(lines_in_sight_but_folds(page)) == {1, 600, 601}


def test_what_one_host_says_for_long_on_end_is_folded_among_all_hosts(
    tabs: Tabs, rows: Rows
) -> None:
    rollback = rows.rollback()
    first, second = (rows.run(rollback, host=host) for host in ("app-1", "app-2"))
    rows.append(first, b"".join(b"one %c\n" % (97 + n % 26) for n in range(100)), at=NOON)
    rows.append(second, b"two\n", at=NOON + timedelta(seconds=1))
    page = tabs.open(rollback.pk)
    chip(page).to_have_text(LIVE)
    page.keyboard.press("m")
    expect(page.locator(".log-lines .log-host", has_text="app-2")).to_have_count(1)
    page.keyboard.press("z")
    expect(page.locator(".log-lines code")).to_have_text(["one a", "one v", "two"])
    page.get_by_role("button", name="… 98 lines").click()
    expect(page.locator(".fold")).to_have_count(0)
    assert tabs.complaints == []


def test_what_a_line_says_of_itself_is_seen_and_nothing_is_guessed(tabs: Tabs, rows: Rows) -> None:
    expected = {
        "ERROR: relation does not exist": "error",
        "2026-11-27 12:00:00,123 ERROR shop.views failed": "error",
        "[2026-11-27 12:00:00 +0000] [17] [ERROR] Worker died": "error",
        "fatal: not a git repository": "error",
        "Traceback (most recent call last):": "error",
        "django.db.utils.OperationalError: no such table": "error",
        "\x1b[31merror:\x1b[0m failed to push": "error",
        "E: Unable to locate package": "error",
        "npm ERR! code 1": "error",
        "12:00:01 WARN  slow": "warning",
        "warning: in the working copy": "warning",
        "npm WARN deprecated": "warning",
        "errors: 0": "",
        "0 ERRORS": "",
        "error handling is on": "",
        "no error: all is well": "",
        "INFO an ERROR of long ago": "",
    }
    run = rows.run(rows.rollback())
    rows.append(run, "\n".join(expected).encode())
    page = tabs.open(run.rollback_id)
    expect(page.locator(f"#L{len(expected)}")).to_be_attached()
    levels: list[Any] = page.eval_on_selector_all(
        ".log-lines code", "all => all.map(each => each.dataset.level)"
    )
    assert dict(zip(expected, levels, strict=True)) == expected


def lines_in_sight_but_folds(page: Any) -> list[int]:
    ids = page.eval_on_selector_all(".log-lines li[id]", "rows => rows.map(row => row.id)")
    return [int(re.sub(r"\D", "", each)) for each in ids]
