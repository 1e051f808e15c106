"""Rows 29 to 31: what changes between seeing and doing, who may not, and an edited record."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from rollback_console.access import tokens
from rollback_console.plans.models import DecisionMaker, Host
from rollback_console.rollbacks import db_clock, events
from rollback_console.rollbacks.models import Event, Rollback
from tests import make
from tests.make import Stage
from tests.toolbox.waiting import until

from . import promise
from .ground import Ground
from .promise import comes_to, fresh, kept, succeeds
from .stage import Console
from .web import Answer, Web

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("healers")]

_names = count(1)


@pytest.fixture(scope="module")
def web(console: Console) -> Web:
    return console.web()


def approve(web: Web, rollback: Rollback, user: User, sha: str = "") -> Answer:
    _, secret = make.token(user, name=f"p{next(_names)}", scopes=tuple(tokens.SCOPES), days=1)
    path = f"/rollbacks/{rollback.pk}/approvals"
    return web.post(path, secret, snapshot_sha256=sha or rollback.snapshot_sha256)


def test_what_changed_between_view_and_approval_is_a_conflict_that_shows_the_difference(
    web: Web, place: Stage, ground: Ground
) -> None:
    rollback = make.requested(place, ground.plan("echo one"))
    Host.objects.filter(pk=place.host.pk).update(address="127.0.0.2")
    answer = approve(web, rollback, place.cast.lee)
    assert answer.status == 409
    assert "127.0.0.2" in answer.body
    assert fresh(rollback).state == "requested"
    assert not rollback.approvals.exists()
    assert rollback.events.filter(kind="approval.refused").count() == 1


def demoted(place: Stage) -> None:
    DecisionMaker.objects.filter(environment=place.environment, user=place.cast.lee).delete()


def deactivated(place: Stage) -> None:
    User.objects.filter(pk=place.cast.lee.pk).update(is_active=False)


@pytest.mark.parametrize(
    "change", [pytest.param(demoted, marks=pytest.mark.representative), deactivated]
)
def test_an_approval_whose_giver_lost_the_right_before_the_start_starts_nothing(
    place: Stage, ground: Ground, change: object
) -> None:
    with transaction.atomic():
        rollback = make.approved(place, ground.plan("echo one"))
        change(place)  # type: ignore[operator]
    try:
        refused = rollback.events.filter(kind="start.refused")
        until(refused.exists, "the start is refused", details=lambda: promise.story(rollback))
        assert "may not approve any more" in refused.get().facts["why"]
        assert fresh(rollback).state == "approved"
        assert not ground.starts()
        kept(rollback, ground)
    finally:
        User.objects.filter(pk=place.cast.lee.pk).update(is_active=True)


@pytest.mark.representative
def test_an_approval_that_expired_before_its_start_starts_nothing(
    console: Console, place: Stage, ground: Ground
) -> None:
    with transaction.atomic():
        rollback = make.approved(place, ground.plan("echo one"))
        past = db_clock.later(timedelta(seconds=-1))
        Rollback.objects.filter(pk=rollback.pk).update(expires_at=past)
    console.send(rollback.pk, times=2)
    comes_to(rollback, "expired")
    assert not ground.starts()
    Rollback.objects.filter(pk=rollback.pk).update(expires_at=rollback.expires_at)  # as on record
    kept(rollback, ground)
    assert rollback.events.filter(kind="rollback.expired").count() == 1


def test_a_host_changed_after_the_approval_is_not_touched(place: Stage, ground: Ground) -> None:
    with transaction.atomic():
        rollback = make.approved(place, ground.plan("echo one"))
        Host.objects.filter(pk=place.host.pk).update(address="127.0.0.2")
    until(rollback.events.filter(kind="start.refused").exists, "the start is refused")
    why = rollback.events.get(kind="start.refused").facts["why"]
    assert "was changed from 127.0.0.1 to 127.0.0.2" in why
    assert fresh(rollback).state == "approved"
    assert not ground.starts()


def test_who_asked_cannot_approve_and_the_attempt_is_on_record(
    web: Web, place: Stage, ground: Ground
) -> None:
    """By any of their tokens: a token acts as its person."""
    DecisionMaker.objects.create(environment=place.environment, user=place.cast.dana, role="Lead")
    rollback = make.requested(place, ground.plan("echo one"))
    for attempt in (1, 2):
        answer = approve(web, rollback, place.cast.dana)
        assert answer.status in {403, 409}, answer
        assert rollback.events.filter(kind="approval.refused").count() == attempt
    assert fresh(rollback).state == "requested"
    assert not ground.starts()


@pytest.mark.representative
@pytest.mark.parametrize("harm", ["edited", "removed"])
def test_an_edited_or_removed_event_is_named_by_verify_audit(
    console: Console, place: Stage, ground: Ground, harm: str
) -> None:
    rollback = make.approved(place, ground.plan("echo one"))
    succeeds(rollback, place)
    assert console.manage("verify_audit", "--accept-unsealed").returncode == 0
    victim = rollback.events.get(kind="rollback.started")
    if harm == "edited":
        Event.objects.filter(pk=victim.pk).update(facts={"snapshot": "another"})
    else:
        victim.delete()
    report = console.manage("verify_audit")
    assert report.returncode == 1
    assert f"Rollback {rollback.pk}: event {victim.seq}" in report.stderr
    victim.save(force_insert=harm == "removed")
    assert not list(events.flaws())
