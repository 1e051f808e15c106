"""The pages of messages and proposals in a real browser: accessible, in four looks."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django import Settings

from rollback_console.outbox import enqueue
from rollback_console.outbox.actions import targets
from rollback_console.outbox.models import Delivery
from rollback_console.outbox.topics import TOPICS
from rollback_console.postmortems.actions import issues
from rollback_console.proposals.models import Proposal
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.proposals.conftest import alert, group, sender

from .browsing import Eyes

pytestmark = pytest.mark.browser
expect.set_options(timeout=30_000)

PAGES = {
    "home": ("dana", "/"),
    "targets": ("ada", "/targets/"),
    "target-new": ("ada", "/targets/new/"),
    "target": ("ada", "/targets/{target}/"),
    "integrations": ("ada", "/integrations/"),
    "integration-new": ("ada", "/integrations/new/"),
    "integration": ("ada", "/integrations/{integration}/"),
    "issue-trackers": ("ada", "/issue-trackers/"),
    "issue-tracker-new": ("ada", "/issue-trackers/new/"),
    "proposals": ("vic", "/proposals/"),
    "proposal": ("dana", "/proposals/{proposal}/"),
    "dismissed": ("dana", "/proposals/{dismissed}/"),
    "request": ("dana", "/plans/{plan}/request/?proposal={proposal}"),
    "communication": ("dana", "/rollbacks/{asked}/communication/"),
    "approval": ("lee", "/rollbacks/{asked}/"),
}


@pytest.fixture
def places(transactional_db: None, settings: Settings) -> dict[str, object]:
    settings.MESSAGES_ALLOW = ["127.0.0.0/8"]
    stage = make.stage(production=True)
    pending = make.requested(stage)
    target, _ = targets.add_target(
        by=stage.cast.ada, name="Ops channel", url="http://127.0.0.1:9/hook", topics=list(TOPICS)
    )
    mail = "mailto://127.0.0.1:9?from=console@example.org"
    targets.add_target(
        by=stage.cast.ada,
        name="Whoever decides",
        url=mail,
        topics=["decide", "actions"],
        environment=stage.environment,
        personal=True,
    )
    issues.add_tracker(
        by=stage.cast.ada,
        kind="github",
        project="http://127.0.0.1:9/acme/shop",
        token="ghp_example",
    )
    enqueue.events()
    late = {"attempts": 3, "problem": "The receiver could not be reached: connection refused."}
    Delivery.objects.filter(target=target).update(state="failed", **late)
    Delivery.objects.exclude(target=target).update(due_at=timezone.now(), **late)
    alerts = sender(stage, "alertmanager")
    alerts.send(group(alert()))
    old = alert(fingerprint="old", annotations={"summary": "Payments are slow"})
    alerts.send(group(old, alert(**{**old, "status": "resolved"})))
    gone = alert(fingerprint="gone", annotations={"summary": "Disk fills up"})
    alerts.send(group(gone))
    Proposal.objects.filter(fingerprint="gone").update(
        state="dismissed", decided_by=stage.cast.dana, decided_at=timezone.now(), reason="A drill"
    )
    return {
        "target": target.pk,
        "integration": alerts.integration.pk,
        "proposal": Proposal.objects.get(fingerprint="c6eadffa33fcdf37").pk,
        "dismissed": Proposal.objects.get(fingerprint="gone").pk,
        "plan": pending.revision.plan.slug,
        "asked": Rollback.objects.get().pk,
        "cast": stage.cast,
    }


def test_every_page_is_accessible_and_unbroken(eyes: Eyes, places: dict[str, object]) -> None:
    pages = {
        name: (getattr(places["cast"], who), address.format(**places))
        for name, (who, address) in PAGES.items()
    }
    assert eyes.faults(pages) == {}


def test_a_proposal_becomes_a_request_on_a_phone_without_any_script(
    eyes: Eyes, places: dict[str, object]
) -> None:
    with eyes.page(getattr(places["cast"], "lee"), width=390, script=False) as page:  # noqa: B009
        page.goto("/")
        page.get_by_role("link", name="Every tenth request fails", exact=True).click()
        page.get_by_role("link", name="Request a rollback of Checkout").click()
        page.get_by_label("Reason for the rollback").fill("Logins fail")
        page.get_by_role("button", name="Submit for approval").click()
        expect(page.get_by_text("Request submitted for approval.")).to_be_visible()
    made = Rollback.objects.order_by("-pk")[0]
    assert made.trigger == "Alertmanager: Every tenth request fails"
    assert made.proposal.state == "requested"
