"""The log pane of the live page in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .conftest import Tabs
from .looking import LIVE, chip, lines_in_sight, whole_log
from .rows import Rows
from .servers import Console

pytestmark = pytest.mark.browser


def test_a_log_streams_and_is_followed_until_somebody_scrolls(tabs: Tabs, rows: Rows) -> None:
    run = rows.run(rows.rollback())
    rows.append(run, b"".join(b"line %d\n" % n for n in range(1, 3_001)))
    page = tabs.open(run.rollback_id)
    follow = page.get_by_role("button", name="Follow")
    expect(page.locator("#L3000")).to_be_in_viewport()
    rows.append(run, b"half a ")
    expect(page.locator("#L3001 code")).to_have_text("half a ")
    rows.append(run, b"line\nnext\n")
    expect(page.locator("#L3001 code")).to_have_text("half a line")
    page.locator("[data-body]").evaluate("body => { body.scrollTop -= 900; }")
    expect(follow).to_have_attribute("aria-pressed", "false")
    rows.append(run, b"unseen\n" * 50)
    page.keyboard.press("j")
    expect(follow).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#L3052")).to_be_in_viewport()
    assert tabs.complaints == []


def test_after_the_server_was_gone_the_page_has_every_line_and_says_the_truth_meanwhile(
    tabs: Tabs, rows: Rows, web: Console
) -> None:
    rollback = rows.rollback()
    run = rows.run(rollback)
    written = [f"{n}: “quoted” ✓ {'x' * (n % 90)}" for n in range(1_600)]
    rows.append(run, "\n".join(written[:600]).encode())
    page = tabs.open(rollback.pk)
    chip(page).to_have_text(LIVE)
    web.process.kill()
    try:
        chip(page).to_have_text(re.compile(r"Reconnecting, \d+ s behind"))
        rows.append(run, ("\n" + "\n".join(written[600:]) + "\n").encode())
        seq = rows.event(rollback, "note.added", text="Written while the server was gone")
    finally:
        web.process.start()
    chip(page).to_have_attribute("title", f"Event {seq}")
    expect(page.locator(".timeline")).to_contain_text("Written while the server was gone")
    expect(page.locator("#L1600 code")).to_have_text(written[-1])
    assert whole_log(page) == written


def test_what_a_host_writes_is_inert_and_visible(tabs: Tabs, rows: Rows) -> None:
    run = rows.run(rows.rollback())
    rows.append(
        run,
        b"\x1b[1;31mred\x1b[0m plain \x1b]0;title\x07\x1b[2J\x1b[5Cend\n"
        b"<img src=x onerror=alert(1)>\n"
        b"10%\r50%\rdone\n"
        b"safe \xe2\x80\xaegnp.exe\n"
        b"bell\x07 \xff\xfe\n",
    )
    page = tabs.open(run.rollback_id)
    expect(page.locator("#L1 .bold.ink-1")).to_have_text("red")
    assert list(lines_in_sight(page).values()) == [
        "red plain end",
        "<img src=x onerror=alert(1)>",
        "done",
        "safe ⟨U+202E⟩gnp.exe",
        "bell⟨U+0007⟩ \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}",
    ]
    assert page.locator(".log-lines img").count() == 0
    assert tabs.complaints == []


def test_search_line_links_and_the_next_failure_find_their_place(tabs: Tabs, rows: Rows) -> None:
    rollback = rows.rollback()
    run = rows.run(rollback)
    rows.append(
        run, b"".join(b"%d %s\n" % (n, b"bad" if n % 2_000 == 7 else b"ok") for n in range(9_000))
    )
    failed = rows.run(rollback, host="app-2", state="failed")
    rows.append(failed, b"why it failed\n")
    page = tabs.open(rollback.pk, path=f"?run={run.token}#L4000-L4002")
    expect(page.locator(".log-lines .marked")).to_have_count(3)
    expect(page.locator("#L4001")).to_be_in_viewport()
    page.keyboard.press("s")
    page.keyboard.type("BAD")
    page.keyboard.press("Enter")
    expect(page.locator(".finder-count")).to_have_text("1 of 5")
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".finder-count")).to_have_text("5 of 5")
    expect(page.locator("#L8008.hit.marked")).to_be_in_viewport()
    page.keyboard.press("Escape")
    page.locator("#L8010 a").click()
    page.locator("#L8012 a").click(modifiers=["Shift"])
    expect(page).to_have_url(re.compile(rf"\?run={run.token}#L8010-L8012$"))
    page.keyboard.press("f")
    expect(page.locator("#L1 code")).to_have_text("why it failed")
    expect(page.locator("[data-log-title]")).to_have_text("of step 1 on app-2")
    assert tabs.complaints == []


def test_a_line_longer_than_a_page_shows_says_so_alone_and_among_those_of_other_hosts(
    tabs: Tabs, rows: Rows
) -> None:
    rollback = rows.rollback()
    run = rows.run(rollback)
    rows.append(run, b"before\n" + b"=" * 1_500_000 + b" needle\nafter\n")
    rows.append(rows.run(rollback, host="app-2"), b"beside\n")
    page = tabs.open(rollback.pk, path=f"?run={run.token}")
    expect(page.locator("#L2 .cut")).to_have_text(re.compile("download the log to read and search"))
    expect(page.locator(".log-lines .cut")).to_have_count(1)
    page.keyboard.press("m")
    expect(page.locator(".log-lines .log-host").first).to_be_visible()
    expect(page.locator(".log-lines .cut")).to_have_count(1)
    assert tabs.complaints == []


@pytest.mark.slow
def test_a_million_lines_are_shown_around_any_of_them(tabs: Tabs, rows: Rows) -> None:
    run = rows.run(rows.rollback(), state="succeeded")
    rows.append(run, b"".join(b"%07d %s\n" % (n, b"x" * 87) for n in range(1, 1_000_001)))
    page = tabs.open(run.rollback_id, path=f"?run={run.token}#L500000")
    expect(page.locator("#L500000 code")).to_have_text(re.compile("^0500000 "))
    expect(page.locator("#L500000")).to_be_in_viewport()
    page.keyboard.press("j")
    expect(page.locator("#L1000000")).to_be_in_viewport()
    assert page.locator(".log-lines li").count() < 200
