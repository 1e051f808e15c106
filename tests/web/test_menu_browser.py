"""The menu on a phone, and pages that refuse, in a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

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
