"""Deployments, what runs where, and freeze windows, as people see them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from rollback_console.deployments.actions import deployments, documents, freeze_windows
from rollback_console.deployments.models import Deployment, FreezeWindow, GuardOverride
from rollback_console.plans.snapshot.deployment_facts import DeploymentFacts
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.documents.test_checklists import FAMILY
from tests.make import Stage

from .conftest import SignIn, words

PLAN = make.PLAN.replace("echo restoring", "git checkout <previous-commit>")


@pytest.fixture
def deployed(stage: Stage) -> Deployment:
    """Version v2 over v1, of a service whose only plan goes back to a commit."""
    make.plan(stage, PLAN)
    for version in ("v1", "v2"):
        made = deployments.record_deployment(
            by=stage.cast.dana,
            service=stage.service,
            environment=stage.environment,
            version=version,
            facts=DeploymentFacts(previous_commit="91bc2f0"),
            deployed_by="ci-bot",
        )
        deployments.finish_deployment(made, by=stage.cast.dana, outcome="succeeded")
    return made


def test_the_page_of_a_service_says_what_runs_where(
    signed_in: SignIn, deployed: Deployment
) -> None:
    page = words(signed_in(deployed.recorded_by).get("/services/checkout/"))
    assert "STAGING v2 just now deployment of v2 by ci-bot Version before: v1" in page


def test_the_list_is_narrowed_by_the_address(signed_in: SignIn, deployed: Deployment) -> None:
    client = signed_in(deployed.recorded_by)
    page = words(client.get("/deployments/?service=checkout"))
    assert "v2" in page
    assert "Deployments in 90 days 2 A day 0.02 Change fail rate 0 %" in page
    assert "No deployment matches" in words(client.get("/deployments/?service=basket"))
    assert client.get("/deployments/?before=x&environment=%22").status_code == 200


def test_yes_opens_the_request_with_what_the_pipeline_knows(
    signed_in: SignIn, deployed: Deployment
) -> None:
    client = signed_in(deployed.recorded_by)
    page = client.get(f"/deployments/{deployed.pk}/")
    assert "Yes: roll back to v1" in words(page)
    assert deployed.plan
    address = f"/plans/{deployed.plan.slug}/request/"
    form = client.get(f"{address}?deployment={deployed.pk}").content.decode()
    assert 'value="91bc2f0"' in form
    assert "Takes back" in form
    name = form.split('value="91bc2f0"')[0].rsplit('name="', 1)[1].split('"')[0]
    fields = {"deployment": deployed.pk, "reason": "Orders fail", name: "91bc2f0"}
    client.post(address, fields)
    deployed.refresh_from_db()
    assert (deployed.decision, deployed.rollback) == ("yes", Rollback.objects.get())
    shown = words(client.get(f"/deployments/{deployed.pk}/"))
    assert f"Dana Example requested rollback {deployed.rollback_id}" in shown


def test_no_closes_it_with_what_was_seen(signed_in: SignIn, deployed: Deployment) -> None:
    client = signed_in(deployed.recorded_by)
    address = f"/deployments/{deployed.pk}/"
    assert "Say what you saw" in words(client.post(f"{address}closures/", follow=True))
    client.post(f"{address}closures/", {"reason": "Green for an hour"})
    assert "Green for an hour" in words(client.get(address))
    late = client.post(f"{address}closures/", {"reason": "Again"}, follow=True)
    assert "already" in words(late)


def test_a_viewer_reads_and_decides_nothing(signed_in: SignIn, deployed: Deployment) -> None:
    from django.contrib.auth.models import User

    client = signed_in(User.objects.get(username="vic"))
    assert "An operator decides" in words(client.get(f"/deployments/{deployed.pk}/"))
    answer = client.post(f"/deployments/{deployed.pk}/closures/", {"reason": "Fine"})
    assert answer.status_code == 403
    assert client.post("/freeze-windows/").status_code == 403


def test_a_freeze_window_is_added_and_ended(signed_in: SignIn, stage: Stage) -> None:
    client = signed_in(stage.cast.dana)
    now = timezone.now()
    fields = {
        "environment": stage.environment.pk,
        "reason": "Quarter's end",
        "starts_at": now.strftime("%Y-%m-%dT%H:%M"),
        "ends_at": (now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M"),
    }
    wrong = client.post("/freeze-windows/", {**fields, "ends_at": "2001-01-01T00:00"})
    assert wrong.status_code == 422
    assert "ends after it starts" in words(wrong)
    client.post("/freeze-windows/", fields)
    window = FreezeWindow.objects.get()
    assert "Quarter's end by Dana Example" in words(client.get("/deployments/"))
    client.post(f"/freeze-windows/{window.pk}/ends/")
    assert "None now and none to come" in words(client.get("/deployments/"))


def test_a_checklist_is_uploaded_answered_and_signed_on_its_page(
    signed_in: SignIn, deployed: Deployment, stage: Stage
) -> None:
    client = signed_in(stage.cast.dana)
    address = f"/deployments/{deployed.pk}/documents/"
    upload = SimpleUploadedFile("after.md", (FAMILY / "post.md").read_bytes())
    assert client.post(address, {"file": upload}).headers["Location"] == f"{address}post/"
    page = words(client.get(f"{address}post/"))
    assert "Immediate Verification (0-15 min)" in page
    assert "Decide on the page of the deployment" in page
    assert "To be signed by Lee Example" in page
    assert "On record: Deployment" in page
    items = deployed.documents.get().items
    row, signature = items.get(text="User can log in"), items.get(text="Sign-off of Deploy Lead")
    answers = f"/deployments/{deployed.pk}/items/{row.pk}/answers/"
    client.post(answers, {"answer": "done", "evidence": "As probe-7", "seen": 0})
    assert "User can log in Dana Example" in words(client.get(f"{address}post/"))
    late = client.post(answers, {"answer": "done", "seen": 0}, follow=True)
    assert "Somebody answered this meanwhile" in words(late)
    sign = f"/deployments/{deployed.pk}/items/{signature.pk}/answers/"
    refused = client.post(sign, {"answer": "signed", "seen": 0}, follow=True)
    assert "Nobody else can sign for them" in words(refused)
    signed_in(stage.cast.lee).post(sign, {"answer": "signed", "seen": 0})
    signature.refresh_from_db()
    assert signature.answered_by == stage.cast.lee


def test_a_document_that_cannot_be_read_is_refused_at_the_form(
    signed_in: SignIn, deployed: Deployment, stage: Stage
) -> None:
    client = signed_in(stage.cast.dana)
    address = f"/deployments/{deployed.pk}/documents/"
    for fields, sentence in (
        ({}, "Choose a file, or paste the text"),
        ({"text": "# Friday"}, "The title does not tell"),
        ({"text": "# Rollback plan"}, "Import it as a plan"),
    ):
        answer = client.post(address, fields)
        assert answer.status_code == 422
        assert sentence in words(answer)


def test_an_operator_names_who_signs_on_the_page(
    signed_in: SignIn, deployed: Deployment, stage: Stage
) -> None:
    client = signed_in(stage.cast.dana)
    made = documents.add_document(
        deployed, by=stage.cast.dana, data=(FAMILY / "post.md").read_bytes()
    )
    row = made.items.get(text="Sign-off of Backend Lead")
    address = f"/deployments/{deployed.pk}/items/{row.pk}/signers/"
    assert "Choose who signs" in words(client.post(address, follow=True))
    client.post(address, {"person": stage.cast.vic.pk})
    page = words(signed_in(stage.cast.vic).get(f"/deployments/{deployed.pk}/documents/post/"))
    assert "Sign : Sign-off of Backend Lead" in page


def test_a_decision_maker_overrides_a_freeze_on_the_page(signed_in: SignIn, stage: Stage) -> None:
    now = timezone.now()
    freeze_windows.add_freeze_window(
        by=stage.cast.dana,
        environment=stage.environment,
        reason="Quarter's end",
        starts_at=now,
        ends_at=now + timedelta(days=1),
    )
    fields = {
        "service": stage.service.pk,
        "environment": stage.environment.pk,
        "version": "v2",
        "reason": "Fixes the outage",
        "hours": 1,
    }
    refused = signed_in(stage.cast.dana).post("/overrides/", fields)
    assert (refused.status_code, "Only decision makers" in words(refused)) == (422, True)
    client = signed_in(stage.cast.lee)
    client.post("/overrides/", fields)
    override = GuardOverride.objects.get()
    assert "by Lee Example: Fixes the outage" in words(client.get("/deployments/"))
    client.post(f"/overrides/{override.pk}/ends/")
    assert "None: what stands against a deployment stands" in words(client.get("/deployments/"))
