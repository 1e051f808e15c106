"""What a test looks at on the live page."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from rollback_console.rollbacks.models import Rollback

from .rows import Rows

LIVE = re.compile(r"^Live$")


def asking(rows: Rows, kind: str, position: int, *runs: Any, **fields: Any) -> Rollback:
    """A rollback that waits for an answer about the runs, or about a step."""
    rollback = runs[0].rollback if runs else rows.rollback()
    tokens = [str(run.token) for run in runs]
    question = {"kind": kind, "position": position, "tokens": tokens}
    rows.change(rollback, state="waiting", question=question, **fields)
    return rollback


def chip(page: Page) -> Any:
    return expect(page.locator("[data-connection]"))


def lines_in_sight(page: Page) -> dict[int, str]:
    """Line number to text, of the rows that exist now."""
    faults: list[tuple[str, str]] = page.eval_on_selector_all(
        ".log-lines li", "rows => rows.map(row => [row.id, row.querySelector('code').textContent])"
    )
    return {int(line.removeprefix("L")): text for line, text in faults}


def whole_log(page: Page) -> list[str]:
    """Every line, gathered by scrolling from the top to the bottom."""
    body = page.locator("[data-body]")
    body.evaluate(
        """body => {
          body.scrollTop = 0;
          const frame = () => new Promise(requestAnimationFrame);
          return frame().then(frame);
        }"""
    )
    seen: dict[int, str] = {}
    while True:
        page.wait_for_function("() => !document.querySelector('.log-lines .coming')")
        seen |= lines_in_sight(page)
        at_end = body.evaluate(
            """body => {
              const end = body.scrollTop + body.clientHeight >= body.scrollHeight - 2;
              body.scrollTop += body.clientHeight;
              const frame = () => new Promise(requestAnimationFrame);
              return frame().then(frame).then(() => end);
            }"""
        )
        if at_end:
            return [seen[number] for number in sorted(seen)]
