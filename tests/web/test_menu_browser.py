"""The menu on a phone, and pages that refuse, in a browser."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from rollback_console.plans.models import ProbeResult
from rollback_console.plans.readiness.host_questions import NOT_APPROVED
from rollback_console.rollbacks.models import Rollback
from tests import make

from .browsing import Eyes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("script", [True, False])
def test_on_a_phone_the_menu_opens_and_closes_by_a_button_of_44_px(
    eyes: Eyes, stage: make.Stage, script: bool
) -> None:
    with eyes.page(stage.cast.ada, width=390, script=script) as page:
        page.goto("/")
        opener, trends = (
            page.get_by_text("Menu", exact=True),
            page.get_by_role("link", name="Trends"),
        )
        expect(trends).to_be_hidden()
        opener.click()
        expect(trends).to_be_visible()
        low = [each for each in page.locator(".nav a").all() if _height(each) < 44]
        assert not low
        page.get_by_text("Close menu").click()
        expect(trends).to_be_hidden()
        assert _height(opener) >= 44
        page.set_viewport_size({"width": 1440, "height": 900})
        expect(trends).to_be_visible()
        expect(opener).to_be_hidden()


def test_changed_pages_fit_and_have_no_fault(
    eyes: Eyes, stage: make.Stage, pending: Rollback
) -> None:
    vic = stage.cast.vic
    pages = {
        "home": (stage.cast.lee, "/"),
        "request": (stage.cast.lee, f"/rollbacks/{pending.pk}/"),
        "refused": (vic, "/people/"),
        "nothing": (vic, "/nothing-here/"),
        "rollbacks": (vic, "/rollbacks/"),
    }
    assert eyes.faults(pages) == {}


def _height(element: object) -> float:
    box = element.bounding_box()  # type: ignore[attr-defined]
    return float(box["height"]) if box else 0.0


def test_the_readiness_table_is_whole_and_leads_to_what_needs_approval(
    eyes: Eyes, stage: make.Stage, pending: Rollback
) -> None:
    kinds = ("access", "database", "runner", "folder", "repository", "commit", "migration", "tool")
    for kind in (*kinds, "sudo", "space", "directory", "health"):
        ProbeResult.objects.create(
            revision=pending.revision,
            snapshot_sha256=pending.snapshot_sha256,
            host="checkout-production-app-01.example.com",
            kind=kind,
            verdict="not_ready" if kind == "tool" else "unknown",
            detail=NOT_APPROVED if kind == "repository" else "It was asked.",
            at=timezone.now(),
        )
    with eyes.page(stage.cast.lee) as page:
        page.goto(f"/rollbacks/{pending.pk}/")
        table = page.get_by_role("region", name="Readiness by host")
        assert table.evaluate("box => box.scrollWidth <= box.clientWidth")
        page.get_by_role("link", name=NOT_APPROVED).click()
        expect(page).to_have_url(f"{eyes.base}/plans/{pending.revision.plan.slug}/#host-questions")
