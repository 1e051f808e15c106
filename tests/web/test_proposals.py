"""Proposals and integrations, as people see them."""

from __future__ import annotations

import pytest

from rollback_console.proposals.models import Integration, Proposal
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.proposals.conftest import Sender, alert, group, sender

from .conftest import SEED, SignIn, words


@pytest.fixture
def proposed(stage: make.Stage) -> Proposal:
    make.plan(stage)
    sender(stage, "alertmanager").send(group(alert()))
    return Proposal.objects.get()


def test_an_integration_is_added_and_its_secret_shown_once(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.ada)
    fields = {"name": "AM", "kind": "alertmanager", "environment": stage.environment.pk}
    page = client.post("/integrations/new/", fields)
    made = Integration.objects.get()
    assert made.secret in words(page)
    assert page["Cache-Control"] == "no-store"
    assert f"http://testserver/api/v1/hooks/{made.key}" in words(page)
    address = f"/integrations/{made.pk}/"
    assert made.secret.encode() not in client.get(address).content
    assert Sender(made, made.secret).send(group(alert())).status_code == 202
    assert "AM" in words(client.get("/integrations/"))
    old = made.secret
    client.post(f"{address}secrets/")
    made.refresh_from_db()
    assert made.secret != old
    client.post(address, {"name": "AM 2"})
    client.post(f"{address}removals/")
    assert not Integration.objects.exists()
    assert Proposal.objects.get().source == "AM", "what it proposed stays"


@pytest.mark.parametrize("act", ["", "secrets/", "removals/"])
def test_nobody_but_admins_acts_on_an_integration(
    signed_in: SignIn, stage: make.Stage, act: str
) -> None:
    made = sender(stage, "generic").integration
    client = signed_in(stage.cast.dana)
    assert client.post(f"/integrations/{made.pk}/{act}").status_code == 403
    assert client.get(f"/integrations/{made.pk}/").status_code == 403


def test_a_proposal_stands_on_the_first_page_until_it_is_decided(
    signed_in: SignIn, stage: make.Stage, proposed: Proposal
) -> None:
    client = signed_in(stage.cast.dana)
    assert "proposed by The alertmanager just now" in words(client.get("/"))
    client.post(f"/proposals/{proposed.pk}/dismissals/", {"reason": "A drill"})
    assert "Proposed by monitoring" not in words(client.get("/"))
    assert "A drill" in words(client.get(f"/proposals/{proposed.pk}/"))


def test_a_resolved_alert_is_noted(
    signed_in: SignIn, stage: make.Stage, proposed: Proposal
) -> None:
    integration = Integration.objects.get()
    Sender(integration, integration.secret).send(group(alert(status="resolved")))
    assert "resolved just now" in words(signed_in(stage.cast.vic).get("/"))


def test_a_request_is_filled_in_from_it_and_waits_for_approval(
    signed_in: SignIn, stage: make.Stage, proposed: Proposal
) -> None:
    client = signed_in(stage.cast.lee)
    assert proposed.plan
    page = client.get(f"/proposals/{proposed.pk}/").content.decode()
    address = f"/plans/{proposed.plan.slug}/request/?proposal={proposed.pk}"
    assert address in page
    form = client.get(address).content.decode()
    assert f'<option value="{proposed.trigger}" selected>' in form
    fields = {"proposal": proposed.pk, "trigger": proposed.trigger, "reason": "It burns"}
    client.post(f"/plans/{proposed.plan.slug}/request/", fields)
    made = Rollback.objects.get()
    proposed.refresh_from_db()
    assert (made.state, made.trigger, made.requested_by) == (
        "requested",
        proposed.trigger,
        stage.cast.lee,
    )
    assert (proposed.state, proposed.rollback) == ("requested", made)
    assert f"rollback {made.pk}" in words(client.get("/proposals/"))
    again = client.post(f"/plans/{proposed.plan.slug}/request/", fields)
    assert again.status_code == 422
    assert Rollback.objects.count() == 1


def test_a_choice_of_procedures_keeps_the_proposal(
    signed_in: SignIn, stage: make.Stage, proposed: Proposal
) -> None:
    plan = make.plan(stage, SEED).plan
    page = signed_in(stage.cast.dana).get(f"/plans/{plan.slug}/request/?proposal={proposed.pk}")
    assert f"&amp;proposal={proposed.pk}".encode() in page.content


def test_who_only_looks_decides_nothing(
    signed_in: SignIn, stage: make.Stage, proposed: Proposal
) -> None:
    client = signed_in(stage.cast.vic)
    page = words(client.get(f"/proposals/{proposed.pk}/"))
    assert "An operator decides" in page
    answer = client.post(f"/proposals/{proposed.pk}/dismissals/", {"reason": "No"}, follow=True)
    assert "Ask an operator" in words(answer)
    proposed.refresh_from_db()
    assert proposed.state == "open"


@pytest.mark.parametrize("number", ["x", "-1", "9" * 30, "²"])
def test_a_proposal_that_is_none_is_left_out(
    signed_in: SignIn, stage: make.Stage, proposed: Proposal, number: str
) -> None:
    assert proposed.plan
    address = f"/plans/{proposed.plan.slug}/request/?proposal={number}"
    assert signed_in(stage.cast.dana).get(address).status_code == 200
