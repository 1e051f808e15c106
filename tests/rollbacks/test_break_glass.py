"""Starting without approval, approving by a lent right, and what ends either."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from rollback_console.plans.actions.delegations import delegate_right, revoke_delegation
from rollback_console.plans.models import DecisionMaker, Delegation, Host
from rollback_console.postmortems.report.draft import draft
from rollback_console.rollbacks.actions import approvals, break_glass, requests
from rollback_console.rollbacks.errors import Changed, Refused
from rollback_console.rollbacks.execution import apply
from rollback_console.rollbacks.models import Approval, BreakGlass, Lock, Rollback
from rollback_console.rollbacks.permissions import rights
from rollback_console.rollbacks.queries import lists
from tests import make
from tests.make import Stage

pytestmark = pytest.mark.django_db

REASON = "Payments are down and nobody answers the phone"
FINDING = "Right to do; the rota had a gap on Sunday"


def grant(user: User) -> None:
    make.may_break_glass(user)


def broken(stage: Stage) -> Rollback:
    """Dana asked, and started it without approval."""
    rollback = make.requested(stage)
    grant(stage.cast.dana)
    break_glass.break_glass(
        rollback, by=stage.cast.dana, snapshot_sha256=rollback.snapshot_sha256, reason=REASON
    )
    rollback.refresh_from_db()
    return rollback


def test_nobody_has_the_right_unless_it_was_given_by_name(stage: Stage) -> None:
    rollback = make.requested(stage)
    root = User.objects.create_superuser("root")
    for person in (*vars(stage.cast).values(), root):
        with pytest.raises(Refused, match="may not use emergency start"):
            break_glass.break_glass(
                rollback, by=person, snapshot_sha256=rollback.snapshot_sha256, reason=REASON
            )
    assert rollback.events.filter(kind="break_glass.refused").count() == 6
    rollback.refresh_from_db()
    assert rollback.state == "requested"


def test_it_starts_without_approvals_and_every_owner_is_told_at_once(stage: Stage) -> None:
    rollback = broken(stage)
    assert (rollback.state, rollback.approvals.count()) == ("approved", 0)
    facts = rollback.events.get(kind="break_glass.used").facts
    assert (facts["given"], facts["quorum"], facts["reason"]) == (0, 1, REASON)
    assert {each["name"] for each in facts["to"]} == {"Lee Example", "Sam Example", "Ada Example"}
    assert apply.begin_rollback(rollback)
    rollback.refresh_from_db()
    assert rollback.state == "running"
    assert Lock.objects.get().rollback == rollback


@pytest.mark.parametrize("reason", ["", "too short", "a b c d e" + " " * 40])
def test_the_reason_has_at_least_twenty_characters(stage: Stage, reason: str) -> None:
    rollback = make.requested(stage)
    grant(stage.cast.dana)
    with pytest.raises(Refused, match="at least 20 characters"):
        break_glass.break_glass(
            rollback, by=stage.cast.dana, snapshot_sha256=rollback.snapshot_sha256, reason=reason
        )
    assert not BreakGlass.objects.exists()


def test_breaking_glass_changes_nothing_about_what_runs(stage: Stage) -> None:
    rollback = make.requested(stage)
    grant(stage.cast.dana)
    with pytest.raises(Changed):
        break_glass.break_glass(
            rollback, by=stage.cast.dana, snapshot_sha256="0" * 64, reason=REASON
        )
    Host.objects.update(address="192.0.2.66")
    with pytest.raises(Changed):
        break_glass.break_glass(
            rollback, by=stage.cast.dana, snapshot_sha256=rollback.snapshot_sha256, reason=REASON
        )
    rollback.refresh_from_db()
    assert rollback.state == "requested"


@pytest.mark.parametrize("state", ["rejected", "expired", "approved", "running"])
def test_only_an_open_request_is_started_so(stage: Stage, state: str) -> None:
    rollback = make.requested(stage)
    grant(stage.cast.dana)
    Rollback.objects.update(state=state)
    with pytest.raises(Refused, match=f"is {state}"):
        break_glass.break_glass(
            rollback, by=stage.cast.dana, snapshot_sha256=rollback.snapshot_sha256, reason=REASON
        )


def test_a_right_taken_away_before_the_start_starts_nothing(stage: Stage) -> None:
    rollback = broken(stage)
    stage.cast.dana.user_permissions.clear()
    assert not apply.begin_rollback(rollback)
    assert rollback.events.filter(kind="start.refused").exists()


def test_the_review_is_closed_by_somebody_else_after_the_end(stage: Stage) -> None:
    rollback = broken(stage)
    with pytest.raises(Refused, match="once the rollback has ended"):
        break_glass.close_review(rollback, by=stage.cast.lee, finding=FINDING)
    Rollback.objects.update(state="succeeded", finished_at=timezone.now())
    for who, says in (("dana", "somebody else"), ("vic", "Only a decision maker")):
        with pytest.raises(Refused, match=says):
            break_glass.close_review(rollback, by=getattr(stage.cast, who), finding=FINDING)
    with pytest.raises(Refused, match="at least 20"):
        break_glass.close_review(rollback, by=stage.cast.lee, finding="Fine")
    assert lists.home(stage.cast.vic).reviews == [BreakGlass.objects.get()]
    break_glass.close_review(rollback, by=stage.cast.lee, finding=FINDING)
    with pytest.raises(Refused, match="closed already"):
        break_glass.close_review(rollback, by=stage.cast.ada, finding=FINDING)
    assert lists.home(stage.cast.vic).reviews == []
    assert rollback.events.get(kind="break_glass.reviewed").facts["finding"] == FINDING


def test_who_asked_does_not_review_what_another_started_for_them(stage: Stage) -> None:
    rollback = make.requested(stage)
    grant(stage.cast.lee)
    break_glass.break_glass(
        rollback, by=stage.cast.lee, snapshot_sha256=rollback.snapshot_sha256, reason=REASON
    )
    DecisionMaker.objects.create(environment=stage.environment, user=stage.cast.dana, role="CTO")
    Rollback.objects.update(state="failed")
    used = BreakGlass.objects.select_related("rollback").get()
    assert "somebody else" in break_glass.why_not_review(used, stage.cast.dana)
    assert "somebody else" in break_glass.why_not_review(used, stage.cast.lee)
    assert break_glass.why_not_review(used, stage.cast.sam) == ""


def test_the_postmortem_calls_it_a_deviation_and_the_review_a_decision(stage: Stage) -> None:
    rollback = broken(stage)
    Rollback.objects.update(state="succeeded", finished_at=timezone.now())
    break_glass.close_review(rollback, by=stage.cast.lee, finding=FINDING)
    rollback.refresh_from_db()
    report = draft(rollback)
    assert [each.kind for each in report.deviations] == ["break_glass.used"]
    assert [each.kind for each in report.decisions] == ["break_glass.used", "break_glass.reviewed"]
    assert REASON in report.deviations[0].text


def lend(stage: Stage, to: User) -> Delegation:
    return delegate_right(stage.environment, by=stage.cast.lee, to=to, hours=8)


def approve(rollback: Rollback, by: User) -> Approval:
    return approvals.approve(rollback, by=by, snapshot_sha256=rollback.snapshot_sha256)


def test_an_approval_by_a_lent_right_names_both(stage: Stage) -> None:
    lent, rollback = lend(stage, stage.cast.vic), make.requested(stage)
    given = approve(rollback, stage.cast.vic)
    assert (given.role, given.under) == ("Deploy Lead", lent)
    event = rollback.events.get(kind="approval.given")
    assert (event.by, event.facts["on_behalf_of"]) == (stage.cast.vic, "Lee Example")
    assert [each.pk for each in lists.home(stage.cast.vic).waiting] == []


def test_a_request_waits_for_who_borrowed_a_right(stage: Stage) -> None:
    lend(stage, stage.cast.vic)
    rollback = make.requested(stage)
    assert [each.pk for each in lists.home(stage.cast.vic).waiting] == [rollback.pk]


def test_who_borrowed_a_right_does_not_approve_their_own_request(stage: Stage) -> None:
    lend(stage, stage.cast.dana)
    rollback = make.requested(stage)
    with pytest.raises(Refused, match="someone else"):
        approve(rollback, stage.cast.dana)


def test_the_right_of_who_asked_is_not_used_by_who_borrowed_it(stage: Stage) -> None:
    lend(stage, stage.cast.vic)
    rollback = requests.open_request(make.plan(stage), by=stage.cast.lee, reason="x", choices={})
    with pytest.raises(Refused, match="You stand in for Lee Example"):
        approve(rollback, stage.cast.vic)
    assert [each.why for each in rights.authority_for(rollback).cannot()] == [
        "is the requester, or wrote what is new in the plan",
        "stands in for Lee Example, who asked for this or wrote part of it",
    ]
    assert lists.home(stage.cast.vic).waiting == []


@pytest.mark.parametrize("revoked", [False, True])
def test_a_loan_that_ends_by_itself_leaves_an_approval_standing_a_revoked_one_does_not(
    stage: Stage, revoked: bool
) -> None:
    lent, rollback = lend(stage, stage.cast.vic), make.requested(stage)
    approve(rollback, stage.cast.vic)
    if revoked:
        revoke_delegation(lent, by=stage.cast.lee)
    else:
        Delegation.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    rollback.refresh_from_db()
    assert apply.begin_rollback(rollback) is not revoked
