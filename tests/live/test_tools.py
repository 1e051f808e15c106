"""The log pane's buttons in a real browser."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from .conftest import Tabs
from .looking import LIVE, chip
from .rows import Rows

pytestmark = pytest.mark.browser

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_only_matches_are_shown_with_their_times_and_lead_back_to_their_place(
    tabs: Tabs, rows: Rows
) -> None:
    run = rows.run(rows.rollback())
    text = b"".join(b"%d %s\n" % (n, b"bad" if n % 1_000 == 7 else b"ok") for n in range(5_000))
    rows.append(run, text, at=NOON)
    page = tabs.open(run.rollback_id)
    chip(page).to_have_text(LIVE)
    page.locator("#find").fill("BAD")
    only = page.get_by_role("button", name="Only matches")
    only.click()
    expect(only).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".log-lines code")).to_have_text(
        [f"{n} bad" for n in range(7, 5_000, 1_000)]
    )
    page.keyboard.press("Tab")
    page.keyboard.press("t")
    expect(page.locator("#L8 time")).to_have_text("12:00:00.000")
    expect(page.locator("#L8 time")).to_be_visible()
    rows.append(run, b"late bad\nlate ok\n", at=NOON + timedelta(seconds=61))
    expect(page.locator("#L5001 code")).to_have_text("late bad")
    expect(page.locator("#L5001 time")).to_have_text("12:01:01.000")
    page.locator("#L3008 a").click()
    expect(only).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#L3009 code")).to_have_text("3008 ok")
    expect(page.locator("#L3008.marked")).to_be_in_viewport()
    assert tabs.complaints == []


def test_all_hosts_of_a_step_are_read_as_one_by_time(tabs: Tabs, rows: Rows) -> None:
    rollback = rows.rollback()
    first, second = (rows.run(rollback, host=host) for host in ("app-1", "app-2"))
    for count in range(300):
        run = (first, second)[count % 2]
        rows.append(run, b"line %d\nand\n" % count, at=NOON + timedelta(seconds=count))
    page = tabs.open(rollback.pk)
    chip(page).to_have_text(LIVE)
    page.keyboard.press("m")
    seen = page.locator(".log-lines li", has_text=re.compile("line 29[89]"))
    expect(seen.locator(".log-host")).to_have_text(["app-1", "app-2"])
    page.wait_for_function(
        """() => {
          document.querySelector("[data-body]").scrollTop = 0;
          return document.querySelector(".log-lines code")?.textContent === "line 0";
        }"""
    )
    rows.append(second, b"the newest\n", at=NOON + timedelta(seconds=400))
    page.keyboard.press("j")
    last = page.locator(".log-lines li", has_text="the newest")
    expect(last.locator(".log-host")).to_have_text("app-2")
    last.locator("a").click()
    expect(page.locator("[data-log-title]")).to_have_text("of step 1 on app-2")
    expect(page.locator("#L301.marked code")).to_have_text("the newest")
    assert tabs.complaints == []


def test_colours_go_on_over_lines_and_windows(tabs: Tabs, rows: Rows) -> None:
    run = rows.run(rows.rollback())
    rows.append(run, b"plain\n\x1b[1;31mred\nstill\n" + b"and on\n" * 598)
    page = tabs.open(run.rollback_id)
    expect(page.locator("#L600 .bold.ink-1")).to_have_text("and on")
    rows.append(run, b"live\n\x1b[0mover\n")
    expect(page.locator("#L602 .bold.ink-1")).to_have_text("live")
    expect(page.locator("#L603 code")).to_have_text("over")
    expect(page.locator("#L603 code span")).to_have_count(0)
    page.locator("[data-body]").evaluate("body => { body.scrollTop = 0; }")
    expect(page.locator("#L3 .bold.ink-1")).to_have_text("still")
    expect(page.locator("#L1 code span")).to_have_count(0)


def test_steps_are_stepped_through_the_link_is_copied_and_the_pane_fills_the_screen(
    tabs: Tabs, rows: Rows
) -> None:
    rollback = rows.rollback()
    for position in (1, 3):
        for host in ("app-1", "app-2"):
            run = rows.run(rollback, position, host, state="succeeded")
            rows.append(run, b"step %d on %s\nnext\n" % (position, host.encode()))
    page = tabs.open(rollback.pk, permissions=["clipboard-read", "clipboard-write"])
    chip(page).to_have_text(LIVE)
    page.locator("#step-1 .cell").nth(1).click()
    page.keyboard.press("]")
    expect(page.locator("#L1 code")).to_have_text("step 3 on app-2")
    page.keyboard.press("[")
    expect(page.locator("#L1 code")).to_have_text("step 1 on app-2")
    page.locator("#L2 a").click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert re.search(rf"/rollbacks/{rollback.pk}/\?run=[0-9a-f-]+#L2$", copied)
    page.get_by_role("button", name="Full screen").click()
    expect(page.get_by_role("button", name="Full screen")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Full screen").click()
    expect(page.get_by_role("button", name="Full screen")).to_have_attribute(
        "aria-pressed", "false"
    )
    assert tabs.complaints == []
