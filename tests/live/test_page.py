"""The live page in a real browser, with and without JavaScript."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from rollback_console.engine.snapshot import StepSpec
from rollback_console.rollbacks.models import Event, StepAnswer
from tests.toolbox.accessibility import violations

from .conftest import Tabs
from .looking import LIVE, asking, chip, lines_in_sight
from .rows import Rows, snapshot
from .servers import Process

pytestmark = pytest.mark.browser


def test_without_javascript_a_gate_is_answered_and_the_log_is_there(tabs: Tabs, rows: Rows) -> None:
    rollback = asking(rows, "gate", 2)
    run = rows.run(rollback, state="succeeded")
    rows.run(rollback, 2, state="pending")
    rows.append(run, b"".join(b"line %d\n" % n for n in range(1, 501)))
    page = tabs.open(rollback.pk, java_script_enabled=False)
    expect(page.get_by_role("heading", name="Step 2 needs confirmation")).to_be_visible()
    expect(page.get_by_text("Orders placed since the dump are lost.")).to_be_visible()
    assert list(lines_in_sight(page).values()) == [f"line {n}" for n in range(301, 501)]
    page.get_by_role("button", name="Run step 2", exact=True).click()
    expect(page.get_by_text("Step 2 is starting.")).to_be_visible()
    given = rows.do(lambda: list(StepAnswer.objects.filter(rollback=rollback).values()))
    assert [(each["position"], each["answer"]) for each in given] == [(2, "go")]


def test_a_gate_says_what_its_command_is_given(tabs: Tabs, rows: Rows) -> None:
    stop, restore, start = snapshot().steps
    restore = replace(restore, script='mysql shop < "$DUMP"', environment=("DUMP",))
    spec = replace(snapshot((stop, restore, start)), parameters={"DUMP": "shop_20261125.sql"})
    rollback = rows.rollback(spec=spec)
    rows.change(rollback, state="waiting", question={"kind": "gate", "position": 2, "tokens": []})
    page = tabs.open(rollback.pk)
    expect(page.locator(".question")).to_contain_text("shop_20261125.sql")


def test_a_refusal_is_a_sentence_on_the_page(tabs: Tabs, rows: Rows) -> None:
    run = rows.run(rows.rollback(), state="failed", exit_code=3)
    rows.append(run, b"cannot stop\n")
    page = tabs.open(asking(rows, "failed", 1, run).pk, java_script_enabled=False)
    expect(page.locator(".question")).to_contain_text("exit 3")
    expect(page.locator(".question")).to_contain_text("cannot stop")
    page.get_by_role("button", name="Skip step 1").click()
    expect(page.get_by_text("Enter a reason: it is recorded in the timeline.")).to_be_visible()
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_text("Retrying step 1.")).to_be_visible()
    assert rows.do(lambda: run.rollback.runs.filter(attempt=2).count()) == 1


def test_who_may_not_steer_sees_no_buttons_and_is_refused(tabs: Tabs, rows: Rows) -> None:
    rollback = asking(rows, "paused", 2, pause_asked=True)
    page = tabs.open(rollback.pk, as_=rows.person())
    chip(page).to_have_text(LIVE)
    expect(page.get_by_text("You have read-only access.")).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_have_count(0)
    expect(page.get_by_text("Abort", exact=True)).to_have_count(0)


@pytest.mark.parametrize(
    ("kind", "button", "text"),
    [
        ("manual", "Mark as done", "Step 1 is marked as done."),
        ("lost", "Mark as succeeded and continue", "Step 1 is marked as succeeded"),
        ("failed", "Skip step 1", "Step 1 skipped – continuing."),
        ("canary", "Continue on the other host", "Step 1 continues on the remaining hosts."),
        ("unreachable", "Stop waiting (mark as lost)", "Stopped waiting for step 1"),
        (
            "abort_unconfirmed",
            "Confirm: checked on the host, nothing is running",
            "Confirmed: nothing is running any more.",
        ),
    ],
)
def test_each_question_has_its_answers(
    tabs: Tabs, rows: Rows, kind: str, button: str, text: str
) -> None:
    host = "" if kind == "manual" else "app-1"
    state = {"manual": "running", "canary": "succeeded", "unreachable": "running"}.get(kind, kind)
    run = rows.run(rows.rollback(), host=host, state=state)
    page = tabs.open(asking(rows, kind, 1, run).pk)
    page.locator(".answer textarea").fill("I looked at the host")
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_text(text)).to_be_visible()
    assert tabs.complaints == []


def test_a_host_that_failed_is_left_out_from_the_page(tabs: Tabs, rows: Rows) -> None:
    rollback = rows.rollback()
    run = rows.run(rollback, state="failed", exit_code=1)
    rows.run(rollback, host="app-2", state="succeeded")
    page = tabs.open(asking(rows, "failed", 1, run).pk)
    page.locator(".answer textarea").fill("Its disk is broken")
    page.get_by_role("button", name="Exclude app-1 and continue").click()
    expect(page.get_by_text("app-1 is excluded – continuing.")).to_be_visible()
    expect(page.locator(".timeline")).to_contain_text(
        "excluded app-1 from the remaining steps: Its disk is broken"
    )


def test_the_time_for_the_whole_is_shown_and_more_is_allowed(tabs: Tabs, rows: Rows) -> None:
    rollback = rows.rollback(spec=replace(snapshot(), time_limit=1800))
    rows.change(
        rollback, state="waiting", question={"kind": "overtime", "position": 0, "tokens": []}
    )
    page = tabs.open(rollback.pk)
    expect(page.locator(".bar-time")).to_contain_text("limit 30 min")
    expect(page.locator(".question")).to_contain_text("no further step starts")
    page.locator(".answer textarea").fill("The dump is big")
    page.get_by_role("button", name="Extend by 30 min").click()
    expect(page.get_by_text("The time limit is extended.")).to_be_visible()
    expect(page.locator("[data-part=events]")).to_contain_text(
        "extended the time limit: The dump is big"
    )
    assert tabs.complaints == []


def test_what_a_failed_step_did_is_undone_from_the_page(tabs: Tabs, rows: Rows) -> None:
    steps = (
        StepSpec(1, "Move the data", script="move", hosts=("app-1",), undo=2),
        StepSpec(2, "Move it back", script="back", hosts=("app-1",), standby=True),
    )
    rollback = rows.rollback(spec=snapshot(steps))
    run = rows.run(rollback, state="failed", exit_code=1)
    page = tabs.open(asking(rows, "failed", 1, run).pk)
    expect(page.locator("#step-2")).to_contain_text("runs only on undo")
    page.locator(".answer textarea").fill("Half of it was moved")
    page.get_by_role("button", name="Undo step 1").click()
    expect(page.get_by_text("Undoing step 1.")).to_be_visible()
    made = rows.do(lambda: list(rollback.runs.filter(position=2).values_list("host", "state")))
    assert made == [("app-1", "pending")]
    expect(page.locator(".question")).to_contain_text("Step 1 failed: Move the data")


def test_checks_messages_notes_pause_and_abort_are_posted_from_the_page(
    tabs: Tabs, rows: Rows
) -> None:
    rollback = rows.rollback()
    rows.change(rollback, state="verifying")
    page = tabs.open(rollback.pk)
    page.locator("#checks").get_by_label("What you saw: People can pay").fill("Card declined")
    page.locator("#checks li").nth(1).get_by_role("button", name="Fail").click()
    page.get_by_label("Note for the timeline").fill("Told the shop")
    page.get_by_role("button", name="Add note").click()
    page.get_by_text("Record an update").click()
    page.get_by_label("Message", exact=True).fill("Orders pause for ten minutes")
    page.get_by_role("button", name="Record update").click()
    page.locator("summary", has_text="Pause").click()
    page.locator("#pause-reason").fill("Waiting for the bank")
    page.locator("#pausing").get_by_role("button").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    page.locator("summary", has_text="Abort").click()
    page.locator("#abort-reason").fill("Wrong plan")
    page.get_by_role("button", name="Abort rollback").click()
    expect(page.get_by_text("Aborting: running commands")).to_be_visible()
    kinds = rows.do(lambda: [e.kind for e in Event.objects.filter(rollback=rollback, seq__gt=2)])
    assert kinds == [
        "check.answered", "note.added", "message.sent", "pause.requested", "abort.requested",
    ]  # fmt: skip
    assert tabs.complaints == []


def test_where_sockets_are_blocked_the_page_polls(tabs: Tabs, rows: Rows) -> None:
    rollback = rows.rollback()
    run = rows.run(rollback)
    page = tabs.open(rollback.pk)
    page.route_web_socket(re.compile("/ws/"), lambda route: route.close())
    page.reload()
    chip(page).to_have_text("Updating every few seconds")
    rows.append(run, b"polled line\n")
    rows.event(rollback, "note.added", text="polled note")
    expect(page.locator("#L1 code")).to_have_text("polled line")
    expect(page.locator(".timeline")).to_contain_text("polled note")


def test_a_socket_that_opens_but_never_speaks_does_not_keep_the_page_from_polling(
    tabs: Tabs, rows: Rows
) -> None:
    rollback = rows.rollback()
    page = tabs.open(rollback.pk)
    page.route_web_socket(re.compile("/ws/"), lambda route: None)
    page.reload()
    chip(page).to_have_text(re.compile(r"Reconnecting, \d+ s behind"))
    chip(page).to_have_text("Updating every few seconds", timeout=60_000)
    rows.event(rollback, "note.added", text="polled note")
    expect(page.locator(".timeline")).to_contain_text("polled note")


def test_a_link_that_falls_silent_is_not_called_live(tabs: Tabs, rows: Rows) -> None:
    rollback = rows.rollback()
    page = tabs.open(rollback.pk)
    hello = {"type": "hello", "seq": 2, "offsets": {}}
    page.route_web_socket(re.compile("/ws/"), lambda route: route.send(json.dumps(hello)))
    page.reload()
    chip(page).to_have_text(LIVE)
    chip(page).to_have_text(re.compile(r"No update for \d+ s"), timeout=60_000)
    chip(page).not_to_have_text(re.compile("No update"), timeout=60_000)


def test_the_clocks_of_somebody_who_is_signed_out_stand_still(tabs: Tabs, rows: Rows) -> None:
    rollback = rows.rollback()
    rows.run(rollback)
    page = tabs.open(rollback.pk)
    page.clock.install()
    page.route_web_socket(re.compile("/ws/"), lambda route: route.close(code=4401))
    page.reload()
    chip(page).to_have_text("Signed out: reload to sign in")
    clock = page.locator("[data-since]:not([data-until])").first
    shown = clock.text_content() or ""
    page.clock.fast_forward("30:00")
    expect(clock).to_have_text(shown)


def test_a_question_appears_by_itself_and_what_was_typed_stays(tabs: Tabs, rows: Rows) -> None:
    rollback = rows.rollback()
    rows.run(rollback, 2, state="pending")
    page = tabs.open(rollback.pk)
    chip(page).to_have_text(LIVE)
    page.locator("summary", has_text="Pause").click()
    page.locator("#pause-reason").press_sequentially("Half a rea")
    question = {"kind": "gate", "position": 2, "tokens": []}
    rows.change(rollback, state="waiting", question=question)
    rows.event(rollback, "gate.opened", position=2)
    expect(page.get_by_role("heading", name="Step 2 needs confirmation")).to_be_visible()
    expect(page).to_have_title(re.compile("^● Waiting: rollback"))
    expect(page.locator("[data-announce]")).to_contain_text("Step 2 needs confirmation")
    page.keyboard.type("son")
    expect(page.locator("#pause-reason")).to_have_value("Half a reason")
    icon = page.locator("[data-favicon]").get_attribute("href") or ""
    assert icon.startswith("data:image/svg+xml,")
    assert tabs.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_stands_in_the_way_of_assistive_technology(
    tabs: Tabs, rows: Rows, scheme: str, width: int
) -> None:
    run = rows.run(rows.rollback(), state="failed", exit_code=1, why="It ended with exit code 1.")
    rows.append(
        run,
        b"".join(b"\x1b[%dmcolour\x1b[0m \x07\n" % n for n in [*range(30, 38), *range(90, 108)]),
    )
    rows.run(run.rollback, host="app-2", state="lost")
    rows.event(run.rollback, "note.added", text="A note")
    page = tabs.open(
        asking(rows, "failed", 1, run).pk,
        color_scheme=scheme,
        viewport={"width": width, "height": 844},
    )
    chip(page).to_have_text(LIVE)
    expect(page.locator("#L26")).to_be_attached()
    page.locator("summary", has_text="Abort").click()
    expect(page.locator("#abort-reason")).to_be_in_viewport(ratio=1)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_redis_is_not_needed(tabs: Tabs, rows: Rows, redis: Process) -> None:
    rollback = rows.rollback()
    page = tabs.open(rollback.pk)
    chip(page).to_have_text(LIVE)
    redis.kill()
    try:
        rows.event(rollback, "note.added", text="No hint told of this")
        expect(page.locator(".timeline")).to_contain_text("No hint told of this")
    finally:
        redis.start()
