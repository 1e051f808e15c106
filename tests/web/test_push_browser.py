"""A phone that rings: added with one click, and from its notification to the decision."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Worker, expect

from rollback_console.outbox.models import PushDevice
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.outbox.test_push import BrowserKeys

from .browsing import Eyes

pytestmark = pytest.mark.django_db(transaction=True)

# The browser's own push service is out of reach here; everything else is real.
SUBSCRIBED = """
(keys) => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0)).buffer;
  PushManager.prototype.subscribe = async () => ({
    endpoint: "https://push.example/1",
    getKey: (name) => bytes(name === "auth" ? keys.auth : keys.p256dh),
  });
}
"""  # noqa: E501


def add_device(page: Page) -> None:
    keys = BrowserKeys()
    page.goto("/account/")
    page.evaluate(SUBSCRIBED, {"p256dh": keys.public_key, "auth": keys.auth})
    page.get_by_role("button", name="Notify this browser").click()
    expect(page.get_by_text("This browser rings from now on.")).to_be_visible()


def deliver(page: Page, note: dict[str, str]) -> Worker:
    """Hand a message to the service worker as the browser does when one arrives."""
    session = page.context.new_cdp_session(page)
    numbers: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: numbers.extend(each["registrationId"] for each in event["registrations"]),
    )
    session.send("ServiceWorker.enable")
    page.wait_for_function("() => navigator.serviceWorker.controller")
    parts = urlsplit(page.url)
    message = {
        "origin": f"{parts.scheme}://{parts.netloc}",
        "registrationId": numbers[0],
        "data": json.dumps(note),
    }
    session.send("ServiceWorker.deliverPushMessage", message)
    return page.context.service_workers[0]


def test_on_a_phone_a_request_is_approved_with_three_clicks_from_its_notification(
    eyes: Eyes, stage: make.Stage, pending: Rollback
) -> None:
    with eyes.page(stage.cast.lee, width=390) as page:
        page.context.grant_permissions(["notifications"])
        add_device(page)
        assert PushDevice.objects.get().user == stage.cast.lee
        note = {
            "title": "Approval needed",
            "body": "Dana asks",
            "url": f"https://elsewhere.example/rollbacks/{pending.pk}/",
            "tag": f"rollback-{pending.pk}",
        }
        worker = deliver(page, note)
        address = worker.evaluate(
            """async () => {
              const [notification] = await self.registration.getNotifications();
              const opened = new Promise((done) => (self.clients.openWindow = async (url) => done(url)));
              self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
              return opened;
            }"""  # noqa: E501
        )
        clicks = 1
        # Whatever a message says, the console's own page opens.
        assert address == f"{eyes.base}/rollbacks/{pending.pk}/"
        page.goto(address)
        page.get_by_role("button", name="Approve").click()
        clicks += 1
        expect(page.get_by_text("You approved this rollback.")).to_be_visible()
        assert clicks <= 3
    assert eyes.complaints == []


def test_a_device_is_removed_and_the_console_can_be_installed(
    eyes: Eyes, stage: make.Stage
) -> None:
    with eyes.page(stage.cast.lee) as page:
        page.context.grant_permissions(["notifications"])
        add_device(page)
        page.reload()
        page.locator("#devices").get_by_role("button", name="Remove").click()
        expect(page.get_by_text("receives no notifications any more.")).to_be_visible()
        assert not PushDevice.objects.exists()
        session = page.context.new_cdp_session(page)
        app = session.send("Page.getAppManifest")
        assert app["errors"] == []
        assert json.loads(app["data"])["display"] == "standalone"
        icons = [icon["src"] for icon in json.loads(app["data"])["icons"]]
        assert all(page.request.get(icon).ok for icon in icons)
