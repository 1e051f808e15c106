"""How smoothly a real browser scrolls through a very long log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import User
from playwright.sync_api import Page, sync_playwright

from rollback_console.rollbacks.models import StepRun
from tests import make
from tests.live.rows import _session
from tests.live.servers import Console

from .results import percentiles
from .row import OURS, SpeedRow, SpeedTarget

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


def scrolling(stage: make.Stage, server: Console) -> list[SpeedRow]:
    """300 frames from the first line of the longest log to its last."""
    run = StepRun.objects.order_by("-lines")[0]
    with browsing(stage, server) as page:
        rounds = [_scrolled(page, f"{server.url}/rollbacks/{run.rollback_id}/") for _ in range(3)]
    name = f"a frame while scrolling {run.lines:,} lines"
    return [
        SpeedRow(
            f"{name}, {which}",
            "ms",
            (SpeedTarget(bound),),
            {OURS: [each[which] for each in rounds]},
        )
        for which, bound in (("p50", 16.8), ("p99", 33.4))
    ]


@contextmanager
def browsing(stage: make.Stage, server: Console) -> Iterator[Page]:
    """A page of somebody who is signed in."""
    session = _session(User.objects.get(pk=stage.cast.vic.pk))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        cookie = {"name": "sessionid", "value": session, "url": server.url}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        yield page
        browser.close()


def _scrolled(page: Page, address: str) -> dict[str, float]:
    page.goto(address)
    page.locator("[data-body] code").first.wait_for()
    took: list[float] = page.locator("[data-body]").evaluate(SCROLL)
    return percentiles(took)
