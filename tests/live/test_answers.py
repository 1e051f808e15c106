"""What is asked is in sight, answered in place, and says what pressing does; in a real browser."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from rollback_console.engine.snapshot import CheckSpec, StepSpec
from rollback_console.rollbacks.models import ChecklistAnswer
from tests.toolbox.accessibility import violations

from .conftest import Tabs
from .looking import LIVE, asking, chip, whole_log
from .rows import STEPS, Rows, snapshot

pytestmark = pytest.mark.browser

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def mark(page: Page) -> None:
    """Leave something behind that a reload would lose."""
    page.evaluate("window.here = true")


def stayed(page: Page) -> bool:
    return bool(page.evaluate("window.here === true"))


def test_six_checks_take_six_clicks_and_neither_a_scroll_nor_a_reload(
    tabs: Tabs, rows: Rows
) -> None:
    checks = tuple(CheckSpec(f"check-{n}", f"Page {n} answers") for n in range(6))
    rollback = rows.rollback(spec=replace(snapshot(), checks=checks))
    rows.change(rollback, state="verifying", question={"kind": "checks", "position": 0})
    page = tabs.open(rollback.pk)
    chip(page).to_have_text(LIVE)
    mark(page)
    for n in range(6):
        box = page.locator(".check").nth(n)
        button = box.get_by_role("button", name="Pass", exact=True)
        expect(button).to_be_in_viewport(ratio=1)
        x, y = page.evaluate("[window.scrollX, window.scrollY]")
        button.click()
        expect(box).to_contain_text("Change")
        assert page.evaluate("[window.scrollX, window.scrollY]") == [x, y] == [0, 0]
    assert stayed(page)
    given = rows.do(
        lambda: list(ChecklistAnswer.objects.filter(rollback=rollback).values_list("answer"))
    )
    assert given == [("pass",)] * 6
    assert tabs.complaints == []


def test_why_a_step_failed_is_read_and_retried_with_two_clicks_from_the_home_page(
    tabs: Tabs, rows: Rows
) -> None:
    run = rows.run(rows.rollback(), state="failed", exit_code=3)
    rows.append(run, b"no space left on device\n")
    rollback = asking(rows, "failed", 1, run)
    page = tabs.open(rollback.pk, path="../../")
    page.locator(f"main a[href='/rollbacks/{rollback.pk}/']").first.click()
    expect(page.locator(".question")).to_contain_text("no space left on device")
    expect(page.locator(".question")).to_contain_text(
        "Retry runs the command again where it failed"
    )
    chip(page).to_have_text(LIVE)
    mark(page)
    retry = page.locator(".question").get_by_role("button", name="Retry step 1")
    expect(retry).to_be_in_viewport(ratio=1)
    retry.click()
    expect(page.locator("[data-news]")).to_have_text("Retrying step 1.")
    assert stayed(page)
    assert rows.do(lambda: rollback.runs.filter(attempt=2).count()) == 1
    assert tabs.complaints == []


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_what_is_asked_stays_in_sight_and_is_answered_from_the_end_of_the_page(
    tabs: Tabs, rows: Rows, width: int, height: int
) -> None:
    run = rows.run(rows.rollback(), state="failed", exit_code=3)
    rollback = asking(rows, "failed", 1, run)
    page = tabs.open(rollback.pk, viewport={"width": width, "height": height})
    chip(page).to_have_text(LIVE)
    expect(page.locator(".bar-asked")).to_be_hidden()
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    strip = page.locator(".bar-asked")
    expect(strip).to_be_in_viewport(ratio=1)
    expect(strip).to_contain_text("Step 1 failed")
    assert violations(page) == []
    strip.get_by_role("button", name="Retry step 1").click()
    expect(page.locator("[data-news]")).to_be_in_viewport()
    expect(page.locator("[data-news]")).to_have_text("Retrying step 1.")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert tabs.complaints == []


def test_a_refusal_stands_at_its_field_and_the_text_stays(tabs: Tabs, rows: Rows) -> None:
    run = rows.run(rows.rollback(), state="failed", exit_code=3)
    page = tabs.open(asking(rows, "failed", 1, run).pk)
    chip(page).to_have_text(LIVE)
    page.get_by_label("Note for the timeline").fill("Half a thought")
    page.locator(".question").get_by_role("button", name="Skip step 1").click()
    field = page.locator(".question textarea")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".question .wrong")).to_contain_text("Enter a reason")
    field.fill("It does not matter today")
    page.locator(".question").get_by_role("button", name="Skip step 1").click()
    expect(page.locator("[data-news]")).to_contain_text("Step 1 skipped")
    expect(page.get_by_label("Note for the timeline")).to_have_value("Half a thought")
    assert tabs.complaints == []


def test_long_lines_wrap_until_somebody_turns_it_off_and_none_is_skipped(
    tabs: Tabs, rows: Rows
) -> None:
    run = rows.run(rows.rollback())
    lines = [f"{n} " + "word " * (1 + 97 * (n % 5)) for n in range(400)]
    rows.append(run, "".join(f"{line}\n" for line in lines).encode())
    page = tabs.open(run.rollback_id)
    chip(page).to_have_text(LIVE)
    body = page.locator("[data-body]")
    expect(page.locator("#L400")).to_be_in_viewport()
    assert body.evaluate("body => body.scrollWidth <= body.clientWidth")
    assert page.locator("#L400").evaluate("row => row.offsetHeight > 60")
    assert whole_log(page) == lines
    wrap = page.get_by_role("button", name="Wrap")
    wrap.click()
    expect(wrap).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(wrap).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#L400")).to_be_in_viewport()
    assert body.evaluate("body => body.scrollWidth > body.clientWidth")
    assert tabs.complaints == []


def test_times_are_those_of_the_reader_with_utc_on_hover(tabs: Tabs, rows: Rows) -> None:
    run = rows.run(rows.rollback())
    rows.append(run, b"hello\n", at=NOON)
    page = tabs.open(run.rollback_id, timezone_id="America/New_York")
    chip(page).to_have_text(LIVE)
    page.keyboard.press("t")
    expect(page.locator("#L1 time")).to_have_text("07:00:00.000")
    expect(page.locator("#L1 time")).to_have_attribute("title", "2026-11-25 12:00:00.000 UTC")
    moment = page.locator(".timeline time").first
    local = moment.evaluate("time => new Date(time.dateTime).toTimeString().slice(0, 8)")
    expect(moment).to_have_text(local)
    expect(moment).to_have_attribute("title", f"{moment.get_attribute('title')}")
    assert str(moment.get_attribute("title")).endswith("UTC")


def test_hosts_of_the_merged_log_are_named_by_what_tells_them_apart(tabs: Tabs, rows: Rows) -> None:
    hosts = tuple(f"checkout-production-app-{n}.eu-west-1.example.com" for n in (1, 12))
    spec = snapshot((StepSpec(1, "Stop", script="stop", hosts=hosts),), hosts)
    rollback = rows.rollback(spec=spec)
    for n, host in enumerate(hosts):
        rows.append(rows.run(rollback, 1, host), b"line %d\n" % n)
    page = tabs.open(rollback.pk)
    chip(page).to_have_text(LIVE)
    page.keyboard.press("m")
    names = page.locator(".log-host")
    expect(names).to_have_text(["1", "12"])
    expect(names.first).to_have_attribute("title", hosts[0])


def test_on_a_phone_the_log_comes_first_and_finished_steps_are_folded(
    tabs: Tabs, rows: Rows
) -> None:
    rollback = rows.rollback()
    rows.run(rollback, 1, state="succeeded")
    rows.append(rows.run(rollback, 2), b"restoring\n")
    page = tabs.open(rollback.pk, viewport={"width": 390, "height": 844})
    chip(page).to_have_text(LIVE)
    log, board = page.locator("#log").bounding_box(), page.locator("#board").bounding_box()
    assert log and board and log["y"] < board["y"]
    expect(page.locator("#step-1 .cell")).to_be_hidden()
    page.locator("#step-1 summary.tags").click()
    expect(page.locator("#step-1 .cell")).to_be_visible()
    rows.event(rollback, "note.added", text="News")
    expect(page.locator(".timeline")).to_contain_text("News")
    expect(page.locator("#step-1 .cell")).to_be_visible()
    expect(page.locator("#step-2 .cell")).to_be_visible()


def test_beside_the_steps_the_log_fills_the_window(tabs: Tabs, rows: Rows) -> None:
    steps = tuple(replace(STEPS[0], position=n, title=f"Step {n}") for n in range(1, 31))
    rollback = rows.rollback(spec=snapshot(steps))
    rows.append(rows.run(rollback), b"one line\n")
    page = tabs.open(rollback.pk)
    chip(page).to_have_text(LIVE)
    for place in (400, 900):
        page.evaluate("y => window.scrollTo(0, y)", place)
        box = page.locator("[data-body]").bounding_box()
        assert box
        assert box["height"] > 620
        assert 0 < box["y"] < 200


def test_one_person_takes_a_failure_and_another_sees_it_at_once_and_takes_over(
    tabs: Tabs, rows: Rows
) -> None:
    run = rows.run(rows.rollback(), state="failed", exit_code=3)
    rollback = asking(rows, "failed", 1, run)
    ann, ben = (rows.person(operates=True, name=f"{name}{rollback.pk}") for name in ("Ann", "Ben"))
    first, second = (tabs.open(rollback.pk, as_=user) for user in (ann, ben))
    chip(first).to_have_text(LIVE)
    chip(second).to_have_text(LIVE)
    first.get_by_role("button", name="I take it").click()
    expect(first.locator(".owner")).to_contain_text("You take care of this")
    expect(second.locator(".owner")).to_contain_text(f"{ann.first_name} takes care of this")
    second.get_by_role("button", name="Take it over").click()
    expect(second.locator(".owner")).to_contain_text("You take care of this")
    expect(first.locator(".owner")).to_contain_text(f"{ben.first_name} takes care of this")
    assert violations(second) == []
    assert tabs.complaints == []


def test_in_high_contrast_frames_say_what_colours_say_elsewhere(tabs: Tabs, rows: Rows) -> None:
    run = rows.run(rows.rollback(), state="failed", exit_code=3)
    page = tabs.open(asking(rows, "failed", 1, run).pk)
    chip(page).to_have_text(LIVE)
    color = "box => getComputedStyle(box).getPropertyValue('--line')"
    usual = page.locator("body").evaluate(color)
    page.emulate_media(contrast="more")
    assert page.locator("body").evaluate(color) != usual
    assert violations(page) == []
    page.emulate_media(contrast="no-preference", forced_colors="active")
    expect(page.locator(".question")).to_have_css("border-inline-end-width", "2px")
    expect(page.get_by_role("button", name="Wrap")).to_have_css("outline-width", "2px")
    expect(page.get_by_role("button", name="Times")).not_to_have_css("outline-width", "2px")
