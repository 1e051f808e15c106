"""What comes after a rollback, in a real browser: accessible, unbroken, in four looks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from rollback_console.postmortems import checklist
from rollback_console.postmortems.actions import postmortems
from rollback_console.postmortems.incidents import importer
from rollback_console.postmortems.stakeholders import cadence, status_page
from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.models import Message, Rollback
from tests import make
from tests.fleet import Fleet
from tests.make import PLAN
from tests.postmortems.conftest import History, history
from tests.postmortems.test_incident import PAST
from tests.postmortems.test_telling_others import COMMUNICATION
from tests.rollbacks.driving import drive

from .browsing import Eyes

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class World:
    """Ten rollbacks that ended, a year of loaded ones, and one that waits for its checks."""

    past: History
    live: Rollback
    secret: str


@pytest.fixture
def world(transactional_db: None, fleet: Fleet) -> World:
    stage = make.stage()
    past, dana = history(stage, fleet), stage.cast.dana
    plan = make.plan(stage, PLAN + "\n" + COMMUNICATION).plan
    for month in range(1, 11):
        _load(month, plan.slug, stage)
    ended = past.ended["skipped"]
    texts: Any = {
        "what_went_wrong": "A join without an index.",
        "how_to_prevent": "Rehearse monthly.",
    }
    postmortems.write_texts(postmortems.open_postmortem(ended), by=dana, version=1, **texts)
    postmortems.comment(ended.postmortem, by=stage.cast.vic, text="Support saw it at 09:40.")
    for item in checklist.open_items()[:3]:
        late = datetime(2026, 10, 3, tzinfo=UTC).date()
        checklist.assign_item(item, by=dana, owner=dana, due=late)
    live = drive(make.approved(stage, PLAN + "\n" + COMMUNICATION), fleet)
    return World(past, live, _told(live, stage))


def _load(month: int, slug: str, stage: make.Stage) -> None:
    """One past incident, slower and better each month."""
    start = datetime(2026, month, 3, 10, tzinfo=UTC)
    took = timedelta(minutes=40 - 3 * month)
    state = "failed" if month % 4 == 0 else "succeeded"
    happened = [
        (timedelta(minutes=-20), "rollback.requested", {"reason": "Logins fail"}),
        (timedelta(minutes=-12), "approval.given", {"role": "Deploy Lead"}),
        (timedelta(minutes=-9), "rollback.approved", {}),
        (timedelta(0), "rollback.started", {}),
        (timedelta(0), "step.started", {"position": 1}),
        (took / 2, "step.finished", {"position": 1, "state": state}),
        (took, "rollback.finished", {"state": state}),
    ]
    events = [
        {"at": (start + after).isoformat(), "kind": kind, "facts": facts}
        for after, kind, facts in happened
    ]
    incident = {**PAST, "plan": slug, "state": state, "events": events, "began_at": None}
    importer.load(
        json.dumps({**incident, "title": f"Incident of {start:%B}"}).encode(), by=stage.cast.dana
    )


def _told(live: Rollback, stage: make.Stage) -> str:
    steering.send_message(
        live, by=stage.cast.dana, text="Logins are slow; back by noon.", recipients="Support team"
    )
    Message.objects.update(at=live.requested_at - timedelta(hours=2))
    cadence.set_cadence(live, by=stage.cast.dana, minutes=30)
    _, secret = status_page.share(live, by=stage.cast.dana, label="Support")
    return secret


PAGES = {
    "trends": ("vic", "/trends/?days=0"),
    "no-trends": ("vic", "/trends/?service=nothing"),
    "actions": ("dana", "/actions/"),
    "checklist": ("dana", "/rollbacks/{live}/checklist/"),
    "checklist-ended": ("dana", "/rollbacks/{ended}/checklist/"),
    "communication": ("dana", "/rollbacks/{live}/communication/"),
    "status": ("", "/status/{secret}/"),
    "postmortem": ("dana", "/rollbacks/{ended}/postmortem/"),
    "loaded": ("vic", "/rollbacks/{loaded}/postmortem/"),
    "lessons": ("dana", "/rollbacks/{ended}/postmortem/lessons/"),
    "incidents": ("dana", "/incidents/"),
    "home": ("dana", "/"),
}


def test_every_page_afterwards_is_accessible_and_whole(eyes: Eyes, world: World) -> None:
    places = {
        "live": world.live.pk,
        "ended": world.past.ended["skipped"].pk,
        "loaded": Rollback.objects.get(title="Incident of March").pk,
        "secret": world.secret,
    }
    pages = {
        name: (getattr(world.past.stage.cast, who, None), address.format(**places))
        for name, (who, address) in PAGES.items()
    }
    assert eyes.faults(pages) == {}


def test_a_link_is_made_seen_by_a_stranger_and_revoked(eyes: Eyes, world: World) -> None:
    with eyes.page(world.past.stage.cast.dana, width=390) as page:
        page.goto(f"/rollbacks/{world.live.pk}/communication/")
        page.get_by_label("Recipient").fill("Product owner")
        page.get_by_role("button", name="Create link").click()
        address = page.locator(".hash a").get_attribute("href") or ""
        with eyes.page(None) as stranger:
            stranger.goto(address)
            expect(stranger.get_by_role("status")).to_contain_text("is being checked")
            expect(stranger.get_by_text("back by noon")).to_be_visible()
            page.get_by_role("button", name="the link for Product owner").click()
            expect(page.get_by_text("The link for Product owner is revoked.")).to_be_visible()
            stranger.reload()
            expect(stranger.get_by_text("Page not found")).to_be_visible()


def test_a_postmortem_is_written_and_published_with_ten_clicks_beside_typing(
    eyes: Eyes, world: World
) -> None:
    texts = {
        "Impact": "Logins **failed** for 12 min",
        "Contributing factors": "No rehearsal",
        "What went wrong": "The migration dropped a column\n\n- nobody saw it",
        "How to prevent it": "Ask @lee",
        "Additional testing": "Restore once a month",
    }
    clicks = 0
    with eyes.page(world.past.stage.cast.dana) as page:
        page.goto(f"/rollbacks/{world.past.ended['skipped'].pk}/postmortem/")
        for label, text in texts.items():
            page.get_by_label(label).click()
            page.keyboard.type(text)
            clicks += 1
        expect(page.locator("[data-autosaved]")).to_have_text("Saved.")
        expect(page.locator("[data-look=impact] strong")).to_have_text("failed")
        for name in ("Submit for review", "Publish"):
            page.get_by_role("button", name=name).click()
            clicks += 1
        expect(page.get_by_text("Published.")).to_be_visible()
        expect(page.locator("[data-look=what_went_wrong] li")).to_have_text("nobody saw it")
        expect(page.locator("[data-look=how_to_prevent] .mention")).to_have_text("@Lee Example")
    assert clicks <= 10


def test_half_written_text_is_kept_before_another_button_acts(eyes: Eyes, world: World) -> None:
    with eyes.page(world.past.stage.cast.dana) as page:
        page.goto(f"/rollbacks/{world.past.ended['skipped'].pk}/postmortem/")
        page.get_by_label("What went wrong").fill("The migration dropped")
        page.get_by_role("button", name="Submit for review").click()
        expect(page.get_by_text("In review.")).to_be_visible()
        expect(page.get_by_label("What went wrong")).to_have_value("The migration dropped")
