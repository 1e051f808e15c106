"""The audit page, health and what a page says when it fails."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from rollback_console.audit.integrity.row_comparison import accept_rows
from rollback_console.rollbacks.models import Event, Rollback
from rollback_console.rollbacks.permissions.groups import rows_of_roles
from rollback_console.rollbacks.queries import health
from tests import make

from .conftest import SignIn, words


def test_the_audit_shows_every_fact_with_its_absolute_time(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    page = words(signed_in(stage.cast.vic).get("/audit/"))
    assert "Dana Example requested this rollback: Health page answers 500" in page
    assert "UTC" in page


def test_the_audit_is_narrowed_by_rollback_kind_and_person(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client = signed_in(stage.cast.vic)
    for hit in (f"rollback={pending.pk}", "kind=rollback.requested", "person=dana"):
        assert "Dana Example" in words(client.get(f"/audit/?{hit}"))
    numbers = ("rollback=9999", f"rollback={'9' * 30}", "rollback=abc")
    for miss in (*numbers, "kind=approval.given", "person=lee"):
        assert "No event matches this filter." in words(client.get(f"/audit/?{miss}"))


def test_an_empty_audit_says_what_comes(signed_in: SignIn, stage: make.Stage) -> None:
    assert "No events yet." in words(signed_in(stage.cast.vic).get("/audit/"))


def test_a_whole_record_is_said_to_be_whole(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    accept_rows(rows_of_roles(), unknown_only=True)  # the stage was made without events
    page = words(signed_in(stage.cast.vic).get("/audit/verification/"))
    assert "The audit log is intact" in page


def test_an_edited_row_is_named(signed_in: SignIn, stage: make.Stage, pending: Rollback) -> None:
    Event.objects.update(facts={"reason": "something else"})
    page = words(signed_in(stage.cast.vic).get("/audit/verification/"))
    assert "The audit log has been tampered with" in page
    assert f"Rollback {pending.pk}: event 1 was changed." in page


def test_a_decision_maker_whom_nobody_named_is_named_here(
    signed_in: SignIn, stage: make.Stage
) -> None:
    accept_rows(rows_of_roles(), unknown_only=True)
    stage.environment.decision_makers.create(user=stage.cast.vic, role="CTO")
    page = words(signed_in(stage.cast.vic).get("/audit/verification/"))
    assert "no event tells of the decision maker vic as CTO" in page


@pytest.mark.django_db
def test_an_address_that_leads_nowhere_is_answered_with_sentences(client: Client) -> None:
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert "Page not found" in words(response)


def test_a_failure_says_that_rollbacks_go_on(
    stage: make.Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(stage.cast.vic)
    monkeypatch.setattr("rollback_console.rollbacks.queries.lists.plans", lambda _: 1 / 0)
    response = client.get("/plans/")
    assert response.status_code == 500
    assert "Rollbacks in progress are not affected" in words(response)


def test_health_is_answered_to_strangers_without_a_database(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_readiness_names_what_is_missing(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {
        "database": "ok",
        "broker": "missing",
        "worker": "missing",
        "sweeper": "missing",
        "database connection": settings.DATABASE_CONNECTION,
    }


@pytest.mark.django_db
def test_readiness_counts_the_processes_that_were_heard_of(client: Client) -> None:
    health.say_alive("worker")
    health.say_alive("sweeper")
    readiness = client.get("/readyz").json()
    assert (readiness["worker"], readiness["sweeper"]) == ("ok", "ok")
