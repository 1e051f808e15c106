"""The live page on paper, as Chromium prints it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from rollback_console.engine.snapshot import StepSpec

from .conftest import Tabs
from .looking import LIVE, asking, chip
from .rows import Rows, snapshot

pytestmark = pytest.mark.browser


def test_a_long_log_is_the_lines_in_sight_and_a_word_that_there_are_more(
    tabs: Tabs, rows: Rows, tmp_path: Path
) -> None:
    run = rows.run(rows.rollback(), state="failed", exit_code=3)
    rows.append(run, b"".join(b"line %d\n" % n for n in range(1, 50_001)))
    rows.event(run.rollback, "note.added", text="A note")
    page = tabs.open(asking(rows, "failed", 1, run).pk)
    chip(page).to_have_text(LIVE)
    expect(page.locator("#L50000")).to_be_attached()
    page.emulate_media(media="print")
    sentence = re.compile(r"Lines [\d,]+ to 50,000 of 50,000\. The download holds all of it\.")
    expect(page.locator("[data-printed]")).to_have_text(sentence)
    expect(page.locator("[data-printed]")).to_be_visible()
    expect(page.get_by_role("heading", name="Step 1 failed")).to_be_visible()
    expect(page.locator(".timeline")).to_contain_text("A note")
    for unwanted in ("form", ".pane-tools", ".bar-acts", "[data-connection]", "nav", ".finder"):
        for element in page.locator(unwanted).all():
            expect(element).to_be_hidden()
    page.pdf(path=tmp_path / "live.pdf", format="A4")
    assert 1 <= pages_of(tmp_path / "live.pdf") <= 5


def test_what_is_folded_on_the_screen_is_open_on_paper(tabs: Tabs, rows: Rows) -> None:
    hosts = tuple(f"app-{n:02}" for n in range(20))
    spec = snapshot((StepSpec(1, "Stop", script="stop", hosts=hosts),), hosts)
    rollback = rows.rollback(spec=spec, state="aborting", abort_asked=True)
    for host in hosts:
        run = rows.run(rollback, host=host, state="aborted")
        facts = {"position": 1, "host": host, "token": str(run.token), "ending": "aborted"}
        rows.event(rollback, "abort.proven", **facts, why="", survivors=[])
    page = tabs.open(rollback.pk)
    expect(page.locator("#proofs")).to_be_visible()
    seen = page.locator("#proofs details")
    assert seen.evaluate("each => each.getBoundingClientRect().height") < 60
    page.emulate_media(media="print")
    assert seen.evaluate("each => each.getBoundingClientRect().height") > 200


def test_paper_is_white_whatever_the_screen_is(tabs: Tabs, rows: Rows) -> None:
    page = tabs.open(rows.rollback().pk, color_scheme="dark")
    page.emulate_media(media="print")
    ink = "getComputedStyle(document.querySelector('h1')).color"
    assert page.evaluate(ink) == "rgb(0, 0, 0)"
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert page.evaluate(ink) == "rgb(0, 0, 0)"


def pages_of(file: Path) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", file.read_bytes()))
