"""How smoothly a real browser scrolls through a very long log."""

from __future__ import annotations

from django.contrib.auth.models import User
from playwright.sync_api import Page, sync_playwright

from rollback_console.rollbacks.models import StepRun
from tests import make
from tests.live.rows import _session
from tests.live.servers import Console

from .results import percentiles
from .rows import Row

# Scrolls once a frame through everything and keeps what each frame took, in milliseconds.
SCROLL = """
body => new Promise(done => {
  const took = [];
  let before = performance.now(), frame = 0;
  const step = now => {
    took.push(now - before);
    before = now;
    body.scrollTop = body.scrollHeight * (frame / 300);
    if (++frame > 300) done(took.slice(2)); else requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})
"""


def scrolling(stage: make.Stage, server: Console) -> list[Row]:
    """300 frames from the first line of the longest log to its last."""
    run = StepRun.objects.order_by("-lines")[0]
    session = _session(User.objects.get(pk=stage.cast.vic.pk))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        cookie = {"name": "sessionid", "value": session, "url": server.url}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        took = _scrolled(page, f"{server.url}/rollbacks/{run.rollback_id}/")
        browser.close()
    result = percentiles(took)
    name = f"a frame while scrolling {run.lines:,} lines"
    return [
        Row(f"{name}, p50", "ms", "17 at 60 frames a second", {"ours": result["p50"]}),
        Row(f"{name}, p99", "ms", "", {"ours": result["p99"]}),
    ]


def _scrolled(page: Page, address: str) -> list[float]:
    page.goto(address)
    page.locator("[data-body] code").first.wait_for()
    took: list[float] = page.locator("[data-body]").evaluate(SCROLL)
    return took
