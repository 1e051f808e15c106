"""/metrics: who may read it, and that its numbers are the ones in the database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from rollback_console.rollbacks import db_clock, zones
from rollback_console.rollbacks.models import ProcessSeen, Rollback, StepRun
from rollback_console.rollbacks.queries import health
from tests import make

TOKEN = "scrape-" + "x" * 20


@pytest.fixture
def scraped(settings: Any) -> Client:
    settings.METRICS_TOKEN = TOKEN
    return Client(headers={"Authorization": f"Bearer {TOKEN}"})


def numbers(client: Client) -> dict[str, float]:
    """Each sample by its name, with its labels as Prometheus writes them."""
    text = client.get("/metrics").content.decode()
    return {
        sample.name.removeprefix("rollback_console_")
        + "".join(f"{{{name}={value}}}" for name, value in sample.labels.items()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_there_are_none_until_a_token_is_set(db: None) -> None:
    answer = Client().get("/metrics")
    assert answer.status_code == 404
    assert b"Set METRICS_TOKEN" in answer.content


@pytest.mark.parametrize("sent", ["", "Bearer ", "Bearer wrong", TOKEN, "Bearer \u00e9"])
def test_whoever_does_not_send_the_token_learns_nothing(db: None, settings: Any, sent: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    answer = Client(headers={"Authorization": sent}).get("/metrics")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert b"rollback_console_" not in answer.content


def test_signing_in_is_not_enough(stage: make.Stage, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    client = Client()
    client.force_login(stage.cast.ada)
    assert client.get("/metrics").status_code == 401


def test_a_quiet_console_says_zero_everywhere(db: None, scraped: Client) -> None:
    gauges = numbers(scraped)
    assert gauges["database_up"] == 1
    for name in ("due", "queue_age_seconds", "leases", "approvals_waiting", "unreachable_hosts"):
        assert gauges[name] == 0, name
    assert gauges["rollbacks{state=running}"] == 0
    assert gauges["processes{role=worker}"] == 0
    assert gauges["attempts_last_day{runner=python}"] == 0
    assert "process_seen_seconds{role=worker}" not in gauges


def test_a_request_waits_for_approval_until_it_is_approved(
    stage: make.Stage, scraped: Client
) -> None:
    rollback = make.requested(stage)
    Rollback.objects.update(requested_at=db_clock.later(timedelta(minutes=-3)))
    gauges = numbers(scraped)
    assert gauges["approvals_waiting"] == gauges["rollbacks{state=requested}"] == 1
    assert 180 <= gauges["approval_age_seconds"] < 240
    Rollback.objects.filter(pk=rollback.pk).update(
        state="approved", due_at=db_clock.later(timedelta(seconds=-90))
    )
    gauges = numbers(scraped)
    assert (gauges["approvals_waiting"], gauges["approval_age_seconds"]) == (0, 0)
    assert (gauges["due"], gauges["leases"]) == (1, 0)
    assert 90 <= gauges["queue_age_seconds"] < 150


def test_a_lease_ages_from_its_last_renewal_and_is_due_once_it_lapsed(
    stage: make.Stage, scraped: Client, settings: Any
) -> None:
    rollback = make.approved(stage)
    until = db_clock.later(settings.LEASE - timedelta(seconds=5))
    Rollback.objects.filter(pk=rollback.pk).update(state="running", lease_until=until)
    gauges = numbers(scraped)
    assert (gauges["leases"], gauges["due"]) == (1, 0)
    assert 5 <= gauges["lease_age_seconds"] < settings.LEASE.total_seconds()
    Rollback.objects.update(lease_until=db_clock.later(timedelta(seconds=-40)))
    gauges = numbers(scraped)
    assert gauges["due"] == 1
    assert 40 <= gauges["queue_age_seconds"] < 100


def test_silent_hosts_and_open_questions_are_counted_once_each(
    stage: make.Stage, scraped: Client
) -> None:
    rollback = make.approved(stage)
    Rollback.objects.update(state="waiting", question={"kind": "gate", "position": 2})
    for position, minutes in ((1, 7), (2, 2)):
        StepRun.objects.create(
            rollback=rollback,
            position=position,
            host="app-1",
            state="running",
            unreachable_since=db_clock.now() - timedelta(minutes=minutes),
        )
    gauges = numbers(scraped)
    assert (gauges["unreachable_hosts"], gauges["questions_waiting"]) == (1, 1)
    assert 420 <= gauges["unreachable_age_seconds"] < 480


def test_each_role_says_how_many_live_and_when_one_last_spoke(db: None, scraped: Client) -> None:
    health.say_alive("worker")
    ProcessSeen.objects.create(role="worker", name="other", at=Now())
    ProcessSeen.objects.create(role="sweeper", name="old", at=db_clock.now() - timedelta(minutes=2))
    gauges = numbers(scraped)
    assert (gauges["processes{role=worker}"], gauges["processes{role=sweeper}"]) == (2, 0)
    assert gauges["process_seen_seconds{role=worker}"] < 30
    assert 120 <= gauges["process_seen_seconds{role=sweeper}"] < 180


def test_how_much_there_is_does_not_change_how_often_the_database_is_asked(
    stage: make.Stage, scraped: Client
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            scraped.get("/metrics")
        return len(queries)

    before = asked()
    first = make.requested(stage)
    for _ in range(5):
        Rollback.objects.create(**{**_fields(first), "id": None})
    assert asked() == before


def test_without_a_database_it_still_answers_and_says_so(scraped: Client) -> None:
    with mock.patch(
        "rollback_console.rollbacks.queries.metrics.read_gauges",
        side_effect=OperationalError("gone"),
    ):
        gauges = numbers(scraped)
    assert gauges["database_up"] == 0
    assert "due" not in gauges


def _fields(row: Rollback) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in Rollback._meta.concrete_fields}


@pytest.mark.django_db
def test_a_zone_that_nobody_serves_is_told_though_others_work(
    client: Client, stage: make.Stage
) -> None:
    ProcessSeen.objects.create(role="worker", name="worker a:1", zones=["dmz"], at=Now())
    assert zones.served() == {"default": False}
    assert client.get("/readyz").json()["worker of default"] == "missing"
    ProcessSeen.objects.update(zones=["default", "dmz"])
    assert zones.served() == {"default": True}
