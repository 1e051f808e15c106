"""The live page in a real browser with a long record, and after a long time offline."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.db import transaction
from django.db.models.functions import Now
from playwright.sync_api import Page

from rollback_console.rollbacks import events
from rollback_console.rollbacks.models import Rollback, StepRun
from tests import make
from tests.live.rows import _append
from tests.live.servers import Console

from .frames import browsing
from .row import OURS, SpeedRow, SpeedTarget
from .stage import approved

EVENTS = 10_000
OFFLINE = 1800  # seconds, each with one event and ten lines
LINES = 10


def long_record(stage: make.Stage, server: Console) -> Iterator[SpeedRow]:
    """A page with 10,000 events: until it is live, and from the next event to the page."""
    rollback = _running(stage)
    _record(rollback, EVENTS)
    opening = SpeedRow(
        f"a page with {EVENTS:,} events, until it is live", "ms", (SpeedTarget(1000),)
    )
    drawing = SpeedRow(f"event to a page with {EVENTS:,} of them", "ms", (SpeedTarget(500),))
    with browsing(stage, server) as page:
        for _ in range(3):
            began = time.perf_counter()
            _open(page, server, rollback)
            opening.add(OURS, (time.perf_counter() - began) * 1000)
            drawing.add(OURS, _note_to_page(page, rollback))
    yield opening
    yield drawing


def resuming(stage: make.Stage, server: Console) -> SpeedRow:
    """A page whose server was away: until it shows all that 30 minutes brought."""
    row = SpeedRow("resume of a page after 30 minutes offline", "ms", (SpeedTarget(4000),))
    with browsing(stage, server) as page:
        for _ in range(3):
            rollback = _running(stage)
            run = StepRun.objects.create(
                rollback=rollback, position=1, host="app-1", state="running", started_at=Now()
            )
            _append(run, b"the first line\n", None)
            _open(page, server, rollback)
            row.add(OURS, _come_back(page, server, rollback, run))
    return row


def _running(stage: make.Stage) -> Rollback:
    """One that nobody drives."""
    rollback = approved(stage, ["true"], ["app-1"])
    Rollback.objects.filter(pk=rollback.pk).update(state="running", started_at=Now())
    return rollback


def _come_back(page: Page, server: Console, rollback: Rollback, run: StepRun) -> float:
    server.process.kill()
    page.wait_for_function("() => document.querySelector('[data-connection]').innerText != 'Live'")
    number = _record(rollback, OFFLINE)
    lines = range(OFFLINE * LINES)
    _append(run, b"".join(b"%d a line that was printed meanwhile\n" % line for line in lines), None)
    server.process.start()
    began = time.perf_counter()
    page.evaluate("() => dispatchEvent(new Event('online'))")
    _await(page, f"note {number}.", f"{lines[-1]} a line")
    return (time.perf_counter() - began) * 1000


def _open(page: Page, server: Console, rollback: Rollback) -> None:
    page.goto(f"{server.url}/rollbacks/{rollback.pk}/")
    page.locator("[data-connection]", has_text="Live").wait_for()


def _note_to_page(page: Page, rollback: Rollback) -> float:
    began = time.perf_counter()
    number = _record(rollback, 1)
    _await(page, f"note {number}.")
    return (time.perf_counter() - began) * 1000


def _await(page: Page, *texts: str) -> None:
    for text in texts:
        page.wait_for_function(
            "text => document.querySelector('[data-live]').innerText.includes(text)", arg=text
        )


def _record(rollback: Rollback, count: int) -> int:
    """So many notes in one transaction; the number of the last."""
    with transaction.atomic():
        row = Rollback.objects.select_for_update().get(pk=rollback.pk)
        with events.gathering_events(row):
            for _ in range(count):
                number = row.last_seq + 1
                events.record(row, "note.added", text=f"note {number}.")
    return number
