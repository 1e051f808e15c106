"""Binding what plans say to what is watched, and seeing what came of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from rollback_console.proposals.models import Proposal
from rollback_console.watch.models import Firing, Trigger, TriggerWatch
from tests import make
from tests.make import Stage
from tests.watch.conftest import bind, deploy, look, service
from tests.watch.servers import Service

from .conftest import SignIn, words

__all__ = ["service"]

LIST = "/services/checkout/environments/staging/triggers/"
FIELDS = {
    "text": "Health checks failing after deployment",
    "severity": "critical",
    "automatic": "yes",
    "every": "30",
    "failures": "3",
    "kind": "http",
    "url": "https://192.0.2.1/health",
    "status": "200",
}


@pytest.fixture
def client(signed_in: SignIn, stage: Stage) -> Client:
    make.plan(stage)
    return signed_in(stage.cast.dana)


def test_what_a_plan_says_is_bound_once(client: Client, service: Service) -> None:
    assert "Not watched yet What the plans say." in words(client.get(LIST))
    link = "new/?text=Health%20checks%20failing%20after%20deployment&amp;severity=critical"
    assert link in client.get(LIST).content.decode()
    answer = client.post(f"{LIST}new/", {**FIELDS, "url": service.url}, follow=True)
    page = words(answer)
    assert "is watched after each deployment" in page
    assert "Everything that the plans name is bound." in page
    trigger = Trigger.objects.get()
    assert trigger.probe == {"url": service.url, "status": 200, "text": "", "seconds": 0.0}


def test_a_number_in_the_words_is_filled_in(client: Client) -> None:
    form = client.get(f"{LIST}new/?text=Error+rate+%3E+5%25").content.decode()
    assert 'name="limit" value="5.0"' in form
    assert '<input type="radio" name="kind" value="prometheus"' in form
    form = client.get(f"{LIST}new/?text=Response+time+%3E+5s").content.decode()
    assert 'name="seconds" value="5.0"' in form


def test_bad_input_is_a_sentence_and_keeps_what_was_typed(client: Client) -> None:
    answer = client.post(f"{LIST}new/", {**FIELDS, "url": "http://10.0.0.1/"})
    assert answer.status_code == 422
    assert "is not a public address" in words(answer)
    answer = client.post(f"{LIST}new/", {**FIELDS, "kind": "prometheus"})
    assert "Give the address of the Prometheus server" in words(answer)
    answer = client.post(f"{LIST}new/", {**FIELDS, "every": "1", "kind": "fax"})
    assert answer.status_code == 422
    assert not Trigger.objects.exists()


def test_a_monitoring_plan_is_read_for_its_thresholds(client: Client) -> None:
    text = "## Alerting Thresholds\n### Warning Alerts\n- Response time > 3s\n"
    page = words(client.post(LIST, {"document": text}))
    assert "Lines read from the document: 1." in page
    assert "Response time > 3s warning" in page
    assert client.post(LIST, {"document": ""}).status_code == 422


def test_a_trigger_is_changed_and_removed(client: Client, stage: Stage, service: Service) -> None:
    trigger = bind(stage, probe={"url": service.url})
    address = f"/triggers/{trigger.pk}/"
    form = client.get(address)
    drawn = form.context["form"].initial["drawn_from"]
    fields = {**FIELDS, "url": service.url, "failures": "5", "drawn_from": drawn}
    assert "Trigger saved" in words(client.post(address, fields, follow=True))
    trigger.refresh_from_db()
    assert trigger.failures == 5
    late = client.post(address, {**fields, "failures": "7"})
    assert late.status_code == 422
    client.post(f"{address}removals/")
    assert not Trigger.objects.exists()


def test_a_viewer_reads_and_binds_nothing(
    signed_in: SignIn, stage: Stage, service: Service
) -> None:
    trigger = bind(stage, probe={"url": service.url})
    client = signed_in(stage.cast.vic)
    assert "Health check fails" in words(client.get(LIST))
    assert client.get(f"{LIST}new/").status_code == 403
    assert client.post(f"/triggers/{trigger.pk}/removals/").status_code == 403


def test_pages_show_what_fires_and_since_when_nothing_is_known(
    client: Client, stage: Stage, service: Service
) -> None:
    bind(stage, probe={"url": service.url})
    deployment = deploy(stage)
    service.status = 500
    look(2)
    for address in (f"/deployments/{deployment.pk}/", "/services/checkout/"):
        page = client.get(address)
        assert "fires since just now It answered 500 instead of 200." in words(page)
        assert 'class="picture-bad"' in page.content.decode()
    TriggerWatch.objects.update(
        fired_at=None, verdict="unknown", unknown_since=deployment.started_at - timedelta(hours=1)
    )
    assert "not known since 1 h ago" in words(client.get(f"/deployments/{deployment.pk}/"))


def test_a_false_alarm_is_marked_and_shown_where_the_trigger_is_edited(
    client: Client, stage: Stage, service: Service
) -> None:
    trigger = bind(stage, probe={"url": service.url})
    deploy(stage)
    service.status = 500
    look(2)
    client.post(f"/firings/{Firing.objects.get().pk}/false-alarms/")
    page = words(client.get(f"/triggers/{trigger.pk}/"))
    assert "1 alarm, 1 false alarm" in page
    assert "false alarm, says Dana Example" in page


def test_a_proposal_that_closed_by_itself_says_so(
    client: Client, stage: Stage, service: Service
) -> None:
    bind(stage, probe={"url": service.url})
    deploy(stage)
    service.status = 500
    look(2)
    proposal = Proposal.objects.get()
    page = words(client.get(f"/proposals/{proposal.pk}/"))
    assert "Time to decide: " in page
    assert "Then Sam Example is told too." in page
    service.status = 200
    look(2)
    assert "Time to decide" not in words(client.get(f"/proposals/{proposal.pk}/"))
    assert "The values recovered just now" in words(client.get(f"/proposals/{proposal.pk}/"))
    assert "recovered just now" in words(client.get("/proposals/"))
