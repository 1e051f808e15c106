"""What was typed survives a sign-out, for the same person on the same page."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from rollback_console.plans.models import Plan
from tests import make

from .browsing import Eyes

pytestmark = pytest.mark.browser
BACK = "What you typed before you were signed out is here again. It was not sent."


@pytest.fixture
def cast(transactional_db: None) -> make.Cast:
    stage = make.stage()
    make.plan(stage)
    return stage.cast


def test_what_was_typed_when_one_was_signed_out_is_there_after_signing_in(
    eyes: Eyes, cast: make.Cast
) -> None:
    with eyes.page(cast.dana) as page:
        send_signed_out(page)
        sign_in(page, "dana")
        expect(page.get_by_text(BACK)).to_be_visible()
        expect(page.locator("#id_reason")).to_have_value("Checkout fails since 09:40")
        page.reload()
        expect(page.locator("#id_reason")).to_have_value("")


def test_somebody_else_who_signs_in_there_reads_nothing_of_it(eyes: Eyes, cast: make.Cast) -> None:
    with eyes.page(cast.dana) as page:
        send_signed_out(page)
        sign_in(page, "lee")
        expect(page.locator("#id_reason")).to_have_value("")
        expect(page.get_by_text(BACK)).to_have_count(0)


def send_signed_out(page: Page) -> None:
    page.goto(f"/plans/{Plan.objects.get().slug}/request/")
    page.locator("#id_reason").fill("Checkout fails since 09:40")
    page.context.clear_cookies(name="sessionid")
    page.locator("form:has(#id_reason) [type=submit]").last.click()
    expect(page.get_by_text("You were signed out meanwhile").first).to_be_visible()


def sign_in(page: Page, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(make.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
