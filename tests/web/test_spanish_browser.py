"""Pages in Spanish fit on a phone, although its words are longer."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from rollback_console.rollbacks.models import Rollback
from tests import make

from .browsing import PICTURES, Eyes

pytestmark = pytest.mark.django_db(transaction=True)


def test_main_pages_in_spanish_do_not_overflow_a_phone(
    eyes: Eyes, stage: make.Stage, pending: Rollback
) -> None:
    plan = f"/plans/{pending.revision.plan.slug}/"
    addresses = ["/", "/rollbacks/", f"/rollbacks/{pending.pk}/", "/plans/", plan]
    addresses += [f"{plan}request/", "/deployments/", "/postmortems/", "/trends/", "/account/"]
    addresses += ["/people/", "/hosts/", "/environments/", "/set-up/", "/audit/"]
    with eyes.page(stage.cast.ada, width=390) as page:
        page.context.add_cookies([{"name": "language", "value": "es", "url": eyes.base}])
        assert [each for each in addresses if not _fits(page, each)] == []


def _fits(page: Page, address: str) -> bool:
    page.goto(address)
    assert page.locator("html").get_attribute("lang") == "es"
    if PICTURES:
        name = address.strip("/").replace("/", "-") or "home"
        page.screenshot(path=f"{PICTURES}/es-{name}-390.png", full_page=True)
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
