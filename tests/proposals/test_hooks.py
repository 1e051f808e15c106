"""What monitoring may send, and what comes of it: a proposal, never a rollback."""

from __future__ import annotations

import json
import time

import pytest
from django.test import Client
from django.utils import timezone

from rollback_console.notify import signing
from rollback_console.plans.models import Environment
from rollback_console.proposals import authentication
from rollback_console.proposals.actions import integrations, proposals
from rollback_console.proposals.models import Integration, Proposal
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.make import Stage

from .conftest import Sender, alert, group, sender


def test_an_alert_is_a_proposal_and_no_rollback(stage: Stage, alertmanager: Sender) -> None:
    revision = make.plan(stage)
    response = alertmanager.send(group(alert()))
    made = Proposal.objects.get()
    assert (response.status_code, response.json()) == (202, {"proposals": [made.pk]})
    assert made.state == "open"
    assert made.title == "Every tenth request fails"
    assert made.trigger == "Alertmanager: Every tenth request fails"
    assert "5xx at 11 %" in made.detail
    assert made.plan == revision.plan, "the only plan of the service that the alert names"
    assert made.link.startswith("https://prometheus.example.org/")
    assert not Rollback.objects.exists()


def test_the_same_alert_is_one_proposal_however_often_it_is_sent(alertmanager: Sender) -> None:
    for _ in range(3):
        alertmanager.send(group(alert()))
    alertmanager.send(group(alert(), alert()))
    made = Proposal.objects.get()
    assert made.times_seen == 5


def test_a_flapping_alert_goes_on_with_the_open_proposal(alertmanager: Sender) -> None:
    alertmanager.send(group(alert()))
    alertmanager.send(group(alert(status="resolved")))
    assert Proposal.objects.get().resolved_at
    alertmanager.send(group(alert(startsAt="2026-11-26T20:30:00Z")))
    made = Proposal.objects.get()
    assert made.resolved_at is None
    assert made.episode == "2026-11-26T20:30:00Z"


def test_a_dismissed_alert_that_still_fires_does_not_come_back_but_a_new_one_does(
    stage: Stage, alertmanager: Sender
) -> None:
    alertmanager.send(group(alert()))
    proposals.dismiss(Proposal.objects.get(), by=stage.cast.dana, reason="A test")
    alertmanager.send(group(alert()))
    assert Proposal.objects.get().state == "dismissed"
    alertmanager.send(group(alert(startsAt="2026-11-26T21:00:00Z")))
    assert Proposal.objects.filter(state="open").count() == 1


def test_generic_json_without_a_time_comes_back_once_it_was_resolved(stage: Stage) -> None:
    generic = sender(stage, "generic")
    assert generic.send({"title": "Orders stop"}).status_code == 202
    proposals.dismiss(Proposal.objects.get(), by=stage.cast.dana, reason="Known")
    generic.send({"title": "Orders stop"})
    assert Proposal.objects.count() == 1
    generic.send({"title": "Orders stop", "status": "resolved"})
    generic.send({"title": "Orders stop"})
    assert [each.state for each in Proposal.objects.order_by("id")] == ["dismissed", "open"]


def test_resolving_what_nobody_proposed_is_nothing(alertmanager: Sender) -> None:
    assert alertmanager.send(group(alert(status="resolved"))).json() == {"proposals": []}
    assert not Proposal.objects.exists()


def test_an_alert_may_name_its_plan_but_none_of_another_environment(
    stage: Stage, alertmanager: Sender
) -> None:
    plan = make.plan(stage).plan
    labels = {"alertname": "A", "rollback_plan": plan.slug}
    alertmanager.send(group(alert(labels=labels)))
    assert Proposal.objects.get().plan == plan
    other = Environment.objects.create(slug="other", name="OTHER")
    elsewhere, secret = integrations.add_integration(
        by=stage.cast.ada, name="Other", kind="alertmanager", environment=other
    )
    Sender(elsewhere, secret).send(group(alert(labels=labels)))
    assert Proposal.objects.get(environment=other).plan is None


def test_what_an_alert_holds_beside_is_cut_to_size_and_harmless(alertmanager: Sender) -> None:
    strange = alert(
        annotations={"summary": "x\x00y\u202e" + "z" * 5000, "description": ["no", "text"]},
        generatorURL="javascript:alert(1)",
        labels={"alertname": 7, "deep": {"a": 1}},
        fingerprint="f" * 500,
        startsAt=None,
    )
    assert alertmanager.send(group(strange)).status_code == 202
    made = Proposal.objects.get()
    assert made.link == ""
    assert made.title.startswith("x y z")
    assert len(made.title) == 200


def test_a_wrong_secret_opens_nothing(stage: Stage, alertmanager: Sender) -> None:
    body = json.dumps(group(alert())).encode()
    other = sender(stage, "generic").secret
    signed = {signing.TIMESTAMP: str(int(time.time())), signing.SIGNATURE: "v1=" + "0" * 64}
    for headers in (
        {"Authorization": f"Bearer {other}"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {alertmanager.secret}"},
        {"Authorization": "Bearer \udcff"},
        {"X-Nothing": "1"},
        signed,
    ):
        assert alertmanager.send(body, **headers).status_code == 401
    nobody = Sender(Integration(), alertmanager.secret)
    answer = nobody.send(body)
    assert (answer.status_code, answer.json()["detail"]) == (401, authentication.UNKNOWN)
    assert not Proposal.objects.exists()


def test_a_renewed_secret_shuts_the_old_one_out(stage: Stage, alertmanager: Sender) -> None:
    new = integrations.renew_secret(alertmanager.integration, by=stage.cast.ada)
    assert alertmanager.send(group(alert())).status_code == 401
    assert Sender(alertmanager.integration, new).send(group(alert())).status_code == 202


def test_a_signed_body_is_taken_and_neither_changed_nor_old_ones_are(stage: Stage) -> None:
    generic = sender(stage, "generic")
    body, now = b'{"title": "Orders stop"}', int(time.time())

    def send(text: bytes, at: int) -> int:
        mark = signing.sign(generic.secret, at, body)
        headers = {signing.TIMESTAMP: str(at), signing.SIGNATURE: mark}
        return generic.send(text, **headers).status_code

    assert send(body, now) == 202
    assert send(body.replace(b"stop", b"go"), now) == 401
    assert send(body, now - 301) == 401
    assert send(body, now + 400) == 401


def test_grafana_signs_in_its_own_way(stage: Stage) -> None:
    grafana = sender(stage, "grafana")
    body, now = json.dumps(group(alert())).encode(), int(time.time())

    def send(at: int, mark: str) -> int:
        headers = {
            authentication.GRAFANA_TIMESTAMP: str(at),
            authentication.GRAFANA_SIGNATURE: mark,
        }
        return grafana.send(body, **headers).status_code

    good = signing.mac(grafana.secret, f"{now}:".encode() + body)
    assert send(now, good) == 202
    assert send(now + 1, good) == 401
    assert send(now - 301, signing.mac(grafana.secret, f"{now - 301}:".encode() + body)) == 401
    without_time = signing.mac(grafana.secret, body)
    assert grafana.send(body, **{authentication.GRAFANA_SIGNATURE: without_time}).status_code == 401


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "one JSON object"),
        (b"{}", "`alerts` must be a list"),
        (b'{"alerts": [1]}', "`alerts` must be a list"),
        (b'{"alerts": [' + b",".join([b"{}"] * 101) + b"]}", "at most 100 alerts"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(alertmanager: Sender, body: bytes, why: str) -> None:
    response = alertmanager.send(body)
    assert response.status_code == 400
    assert why in response.json()["detail"]


def test_a_body_that_is_too_large_is_not_read(alertmanager: Sender) -> None:
    assert alertmanager.send(b" " * (256 * 1024 + 1)).status_code == 413


def test_more_than_a_minute_holds_waits_for_the_next(alertmanager: Sender) -> None:
    alertmanager.send(group())
    alertmanager.integration.refresh_from_db()
    Integration.objects.update(taken=integrations.MANY)
    busy = alertmanager.send(group(alert()))
    if busy.status_code == 202:  # a new minute began just now
        Integration.objects.update(taken=integrations.MANY)
        busy = alertmanager.send(group(alert(fingerprint="other")))
    assert busy.status_code == 429
    assert busy.headers["Retry-After"] == "60"
    Integration.objects.update(minute="2026-01-01T00:00:00Z")
    assert alertmanager.send(group(alert())).status_code == 202


def test_the_address_only_takes_what_is_sent(alertmanager: Sender) -> None:
    assert Client().get(alertmanager.path).status_code == 405


def test_senders_that_begin_a_minute_together_are_all_counted(alertmanager: Sender) -> None:
    made, now = alertmanager.integration, timezone.now()
    stale = Integration.objects.get()
    assert [integrations.count_call(each, now) for each in (made, stale, made)] == [True] * 3
    assert Integration.objects.get().taken == 3
    Integration.objects.update(taken=integrations.MANY)
    assert not integrations.count_call(stale, now)
