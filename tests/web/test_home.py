"""The first page and the list of rollbacks."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rollback_console.plans.models import ProbeResult
from rollback_console.rollbacks.actions import approvals, pins, requests
from rollback_console.rollbacks.models import Lock, Rollback
from rollback_console.rollbacks.queries.lists import PAGE
from tests import make

from .conftest import SignIn, words


@pytest.mark.django_db
def test_a_new_installation_is_told_where_to_start(signed_in: SignIn) -> None:
    page = words(signed_in(make.cast().ada).get("/"))
    assert "No rollbacks in progress" in page
    assert "Set up this console" in page
    assert "Continue set-up" in page
    vic = User.objects.get(username="vic")
    assert "Continue set-up" not in words(signed_in(vic).get("/"))


def test_a_request_waits_for_those_who_may_approve_it_and_for_nobody_else(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    assert "1 rollback waits for you" in words(signed_in(stage.cast.lee).get("/"))
    for other in (stage.cast.dana, stage.cast.vic, stage.cast.ada):
        assert "1 awaiting approval" in words(signed_in(other).get("/"))


def test_a_request_waits_no_longer_for_who_has_approved_it(
    signed_in: SignIn, stage: make.Stage
) -> None:
    stage.environment.approvals_code = 2
    stage.environment.save()
    rollback = make.requested(stage)
    approvals.approve(rollback, by=stage.cast.lee, snapshot_sha256=rollback.snapshot_sha256)
    assert "1 awaiting approval" in words(signed_in(stage.cast.lee).get("/"))
    assert "waits for you" in words(signed_in(stage.cast.sam).get("/"))


def test_a_question_waits_for_everybody_who_may_answer(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    question = {"kind": "failed", "position": 2, "tokens": []}
    Rollback.objects.update(state="waiting", question=question, started_at=timezone.now())
    page = words(signed_in(stage.cast.dana).get("/"))
    assert "1 rollback waits for you" in page
    assert "step 2 failed: retry, skip or abort" in page
    assert "waits for you" not in words(signed_in(stage.cast.vic).get("/"))


def test_environments_show_their_lock_and_their_last_rollback(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    Lock.objects.create(environment=stage.environment, rollback=pending, at=timezone.now())
    assert f"held by rollback {pending.pk}" in words(signed_in(stage.cast.vic).get("/"))
    requests.withdraw(pending, by=stage.cast.dana)
    assert "withdrawn" in words(signed_in(stage.cast.vic).get("/"))


def test_pinned_versions_stand_beside_their_environment(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    pins.pin(stage.service, version="4f2a9c1", by=stage.cast.dana, reason="loses sessions")
    assert "Checkout 4f2a9c1" in words(signed_in(stage.cast.vic).get("/"))


def test_environments_say_whether_their_plans_would_work(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client = signed_in(stage.cast.vic)
    assert "1 plan not checked yet" in words(client.get("/"))
    result = {"host": "app-1", "kind": "folder", "detail": "It is there", "at": timezone.now()}
    probe = {"revision": pending.revision, "snapshot_sha256": pending.snapshot_sha256, **result}
    made = ProbeResult.objects.create(verdict="ready", **probe)
    assert "1 plan ready" in words(client.get("/"))
    made.verdict = "not_ready"
    made.save()
    assert "1 plan not ready" in words(client.get("/"))


def test_the_list_is_narrowed_by_state_environment_service_and_text(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client = signed_in(stage.cast.vic)
    for hit in ("state=requested", "state=alive", "environment=staging", "text=Health+page"):
        assert f"{pending.pk} {pending.title}" in words(client.get(f"/rollbacks/?{hit}"))
    for miss in ("state=failed", "environment=production", "service=other", "text=nowhere"):
        assert "No rollback matches." in words(client.get(f"/rollbacks/?{miss}"))


def test_an_empty_list_says_what_to_do_next(signed_in: SignIn, stage: make.Stage) -> None:
    page = words(signed_in(stage.cast.vic).get("/rollbacks/"))
    assert "No rollbacks yet." in page


def test_a_long_list_comes_in_pages(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    copies(pending, 60)
    client = signed_in(stage.cast.vic)
    first = client.get("/rollbacks/?state=withdrawn").content.decode()
    assert "state=withdrawn&amp;before=" in first
    last = Rollback.objects.order_by("-id")[49].pk
    second = client.get(f"/rollbacks/?state=withdrawn&before={last}").content.decode()
    assert 'rel="next"' not in second
    assert second.count("<tr>") == 11


@pytest.mark.parametrize("address", ["/", "/rollbacks/", "/plans/", "/audit/", "/postmortems/"])
def test_a_page_costs_the_same_number_of_queries_however_many_rollbacks_there_are(
    signed_in: SignIn, stage: make.Stage, pending: Rollback, address: str
) -> None:
    client = signed_in(stage.cast.lee)
    copies(pending, 1)
    few = queries(client, address)
    copies(pending, 80)
    assert queries(client, address) == few


@pytest.mark.parametrize("address", ["/rollbacks/", "/rollbacks/?state=withdrawn", "/audit/"])
def test_one_page_of_a_list_is_read_from_one_table(
    signed_in: SignIn, stage: make.Stage, pending: Rollback, address: str
) -> None:
    """MariaDB starts a join at its smallest table, and then sorts all there is for one page."""
    copies(pending, 1)
    client = signed_in(stage.cast.lee)
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    paged = [each["sql"] for each in captured if f"LIMIT {PAGE + 1}" in each["sql"]]
    assert paged
    assert not [sql for sql in paged if " JOIN " in sql]


def copies(rollback: Rollback, count: int) -> None:
    """More rollbacks like this one, already over."""
    made = []
    for _ in range(count):
        copy = Rollback.objects.get(pk=rollback.pk)
        copy.pk, copy.state, copy.finished_at = None, "withdrawn", timezone.now()
        made.append(copy)
    Rollback.objects.bulk_create(made)


def queries(client: object, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        getattr(client, "get")(address)  # noqa: B009
    return len(captured)
