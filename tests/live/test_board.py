"""Steps over hosts, the proof of an abort, times and notifications, in a real browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from rollback_console.engine.snapshot import StepSpec
from rollback_console.rollbacks.models import StepRun
from tests.toolbox.accessibility import violations

from .conftest import Tabs
from .looking import LIVE, asking, chip
from .rows import Rows, snapshot

pytestmark = pytest.mark.browser

RECORDER = """
window.told = [];
window.Notification = class extends EventTarget {
  static permission = "default";
  static async requestPermission() { Notification.permission = "granted"; }
  constructor(title, { body }) { super(); window.told.push(`${title}: ${body}`); }
};
"""


def test_many_hosts_are_grouped_by_state_with_counts(tabs: Tabs, rows: Rows) -> None:
    hosts = tuple(f"app-{n}" for n in range(40))
    spec = snapshot((StepSpec(1, "Stop", script="stop", hosts=hosts),), hosts)
    rollback = rows.rollback(spec=spec)
    for n, host in enumerate(hosts):
        rows.run(rollback, 1, host, state="failed" if n < 3 else "running")
    page = tabs.open(rollback.pk)
    chip(page).to_have_text(LIVE)
    groups = page.locator("#step-1 .group > summary")
    expect(groups).to_have_text(["failed 3", "running 37"], use_inner_text=True)
    expect(page.locator("#group-1-failed .cell")).to_have_count(3)
    hosts_of_group = page.locator("#group-1-running .cell-host")
    expect(hosts_of_group.first).to_have_text("app-3")
    expect(hosts_of_group.last).to_have_text("app-39")
    groups.nth(1).click()
    change = StepRun.objects.filter(rollback=rollback, host="app-9").update
    rows.do(change, state="failed")
    rows.event(rollback, "step.finished", position=1, host="app-9", state="failed")
    expect(groups).to_have_text(["failed 4", "running 36"], use_inner_text=True)
    expect(page.locator("#group-1-running .cell").first).to_be_hidden()
    assert tabs.complaints == []


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_an_abort_is_shown_with_its_proof_and_steps_with_their_times(
    tabs: Tabs, rows: Rows, width: int, scheme: str
) -> None:
    rollback = rows.rollback(state="aborting", abort_asked=True)
    ended = datetime.now(UTC) + timedelta(seconds=90)
    gone = rows.run(rollback, host="app-1", state="aborted", ended_at=ended)
    left = rows.run(rollback, host="app-2", state="abort_unconfirmed", ended_at=ended)
    rows.run(rollback, 3, host="app-1")
    for run, ending, survivors in ((gone, "aborted", []), (left, "abort_unconfirmed", ["77 sudo"])):
        facts = {"position": 1, "host": run.host, "token": str(run.token), "ending": ending}
        rows.event(rollback, "abort.proven", **facts, why="", survivors=survivors)
    page = tabs.open(rollback.pk, color_scheme=scheme, viewport={"width": width, "height": 844})
    chip(page).to_have_text(LIVE)
    proofs = page.locator(".proofs > li")
    expect(proofs.nth(0)).to_contain_text("something is still running")
    expect(proofs.nth(0)).to_contain_text("77 sudo")
    expect(proofs.nth(1)).to_contain_text("stopping")
    expect(proofs.nth(2)).to_contain_text("terminated and verified gone")
    expect(page.get_by_role("img", name="Step timing: 2 of 3 steps started")).to_be_visible()
    expect(page.locator(".spans-axis ~ text").first).to_have_text("0 s")
    expect(page.locator(".spans-axis ~ text")).to_have_count(3)
    page.get_by_text("As a table").click()
    expect(page.locator("#times-table tbody tr")).to_have_count(2)
    expect(page.locator("#times-table tbody tr").nth(1)).to_contain_text("running")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_an_abort_of_many_hosts_shows_what_needs_a_look_and_counts_the_rest(
    tabs: Tabs, rows: Rows
) -> None:
    hosts = tuple(f"app-{n:02}" for n in range(20))
    spec = snapshot((StepSpec(1, "Stop", script="stop", hosts=hosts),), hosts)
    rollback = rows.rollback(spec=spec, state="aborting", abort_asked=True)
    for n, host in enumerate(hosts):
        run = rows.run(rollback, host=host, state="aborted" if n else "abort_unconfirmed")
        ending = "aborted" if n else "abort_unconfirmed"
        facts = {"position": 1, "host": host, "token": str(run.token), "ending": ending}
        rows.event(rollback, "abort.proven", **facts, why="", survivors=[] if n else ["77 sudo"])
    page = tabs.open(rollback.pk)
    expect(page.locator("#proofs summary")).to_have_text(["verified gone 19"], use_inner_text=True)
    expect(page.locator("#proofs")).to_contain_text("77 sudo")
    expect(page.get_by_text("terminated and verified gone").first).to_be_hidden()
    page.locator("#proofs summary").click()
    expect(page.get_by_text("terminated and verified gone").first).to_be_visible()


def test_history_says_what_is_left_and_a_question_is_told_on_the_desktop(
    tabs: Tabs, rows: Rows
) -> None:
    now = datetime.now(UTC)
    for minutes in (10, 10, 20):
        began = now - timedelta(days=1)
        done = began + timedelta(minutes=minutes)
        past = rows.rollback(state="succeeded")
        rows.change(past, started_at=began, finished_at=done)
    rollback = rows.rollback()
    run = rows.run(rollback, state="failed", exit_code=1)
    page = tabs.open(rollback.pk)
    chip(page).to_have_text(LIVE)
    expect(page.locator("[data-left]")).to_contain_text("about 9 min")
    page.add_init_script(RECORDER)
    rows.change(rollback, started_at=now - timedelta(minutes=30))
    page.reload()
    chip(page).to_have_text(LIVE)
    expect(page.locator("[data-left].late")).to_have_text("slower than 90% of earlier runs")
    page.get_by_role("button", name="Notify me").click()
    expect(page.get_by_role("button", name="Notify me")).to_be_hidden()
    asking(rows, "failed", 1, run)
    rows.event(rollback, "question.asked", question="failed", position=1)
    expect(page.locator("[data-left]")).to_be_empty()
    page.wait_for_function("() => window.told.length")
    notifications = page.evaluate("window.told")
    assert notifications == [f"Rollback {rollback.pk}: Step 1 failed: Stop the services"]
    assert tabs.complaints == []


def test_what_waited_when_a_rollback_ended_is_not_called_pending(tabs: Tabs, rows: Rows) -> None:
    rollback = rows.rollback(state="aborted", abort_asked=True)
    rows.run(rollback, state="aborted")
    rows.run(rollback, 2, state="pending")
    page = tabs.open(rollback.pk)
    expect(page.locator(".tally")).to_have_text("1 aborted1 not started")
    expect(page.locator("#step-2 .tags")).to_contain_text("not started")
    expect(page.locator("#board")).not_to_contain_text("pending")
    expect(page.locator("#board")).not_to_contain_text("needs confirmation")
