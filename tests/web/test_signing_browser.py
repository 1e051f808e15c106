"""Signing in with a passkey, in a real browser whose authenticator is made of software."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from rollback_console.plans.models import Environment
from tests import make

from .browsing import Eyes
from .factors import add_app

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)


@pytest.fixture
def cast(transactional_db: None) -> make.Cast:
    return make.stage().cast


@contextmanager
def key_in(page: Page) -> Iterator[Any]:
    """A key that knows its owner, plugged into the browser of `page`."""
    tool = page.context.new_cdp_session(page)
    tool.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    yield tool.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    tool.detach()


def test_a_passkey_is_added_signs_in_alone_and_proves_an_approval(
    eyes: Eyes, cast: make.Cast
) -> None:
    with eyes.page(cast.lee) as page, key_in(page):
        page.goto("/account/")
        page.get_by_role("link", name="Add a passkey").click()
        page.get_by_label("Name of this key or device").fill("Desk key")
        page.get_by_label("Let it sign me in without a password").check()
        page.get_by_role("button", name="Add it").click()
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        expect(page.locator(".codes li")).to_have_count(10)
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_role("navigation", name="Console")).to_be_visible()
        page.goto("/account/")
        expect(page.get_by_text("Desk key, added")).to_be_visible()
    assert eyes.complaints == []


def test_a_passkey_is_the_second_step_and_the_proof(
    eyes: Eyes, cast: make.Cast, settings: Any
) -> None:
    with eyes.page(cast.ada) as page, key_in(page):
        page.goto("/account/passkeys/new/")
        page.get_by_role("button", name="Add it").click()
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill(make.PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("heading", name="Second step")).to_be_visible()
        page.get_by_role("button", name="Use a passkey").click()
        expect(page.get_by_role("navigation", name="Console")).to_be_visible()
        settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
        environment = Environment.objects.get()
        page.goto(f"/environments/{environment.slug}/")
        secret = page.locator(f"form[action$='/{environment.slug}/secrets/']")
        secret.locator("[name=name]").fill("DB_PASSWORD")
        secret.locator("[name=value]").fill("swordfish")
        secret.get_by_role("button").first.click()
        expect(page.get_by_role("heading", name="Confirm your identity")).to_be_visible()
        settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
        page.get_by_role("button", name="Use a passkey").click()
        expect(page.get_by_text("DB_PASSWORD is saved. Its value is never shown.")).to_be_visible()
    assert eyes.complaints == []


def test_a_passkey_that_is_not_there_is_told_in_a_sentence(eyes: Eyes, cast: make.Cast) -> None:
    with eyes.page(None) as page:
        tool = page.context.new_cdp_session(page)
        tool.send("WebAuthn.enable")
        options = {"protocol": "ctap2", "transport": "usb", "automaticPresenceSimulation": True}
        tool.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        page.goto("/sign-in/")
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_text("That did not work.")).to_be_visible()


PAGES = {
    "sign-in": "/sign-in/",
    "deactivated": "/sign-in/deactivated/",
    "by-password": "/account/confirmation/",
    "add-app": "/account/authenticator/",
    "add-passkey": "/account/passkeys/new/",
    "account": "/account/",
}
WITH_APP = {
    "by-code": "/account/confirmation/code/",
    "remove-app": "/account/authenticator/removal/",
    "account-with-app": "/account/",
}


def test_pages_of_signing_in_are_accessible_and_whole(eyes: Eyes, cast: make.Cast) -> None:
    strangers = {"sign-in", "deactivated"}
    pages = {
        name: (None if name in strangers else cast.dana, address) for name, address in PAGES.items()
    }
    assert eyes.faults(pages) == {}


def test_pages_for_who_has_an_app_are_accessible_and_whole(eyes: Eyes, cast: make.Cast) -> None:
    add_app(cast.dana)
    pages = {name: (cast.dana, address) for name, address in WITH_APP.items()}
    assert eyes.faults(pages, how="mfa") == {}
