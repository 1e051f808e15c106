"""What people may do to a rollback, and what they are told when they may not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from rollback_console.plans.errors import NotReady
from rollback_console.plans.models import DecisionMaker, Host
from rollback_console.rollbacks import events
from rollback_console.rollbacks.actions import approvals, requests, steering
from rollback_console.rollbacks.errors import Changed, Refused
from rollback_console.rollbacks.models import Rollback
from rollback_console.rollbacks.sweeper import due_rollbacks
from tests import make
from tests.make import Stage

pytestmark = pytest.mark.django_db


def kinds(rollback: Rollback) -> list[str]:
    return list(rollback.events.order_by("seq").values_list("kind", flat=True))


def state(rollback: Rollback) -> str:
    rollback.refresh_from_db()
    return rollback.state


def test_a_request_freezes_what_would_run(stage: Stage) -> None:
    rollback = make.requested(stage)
    assert rollback.state == "requested"
    assert '"script":"echo stopping' in rollback.snapshot
    assert kinds(rollback) == ["rollback.requested"]


def test_a_viewer_may_not_ask(stage: Stage) -> None:
    revision = make.plan(stage)
    with pytest.raises(Refused, match="may not request"):
        requests.open_request(revision, by=stage.cast.vic, reason="x", choices={})
    assert not Rollback.objects.exists()


def test_a_request_says_why(stage: Stage) -> None:
    revision = make.plan(stage)
    with pytest.raises(Refused, match="Enter a reason"):
        requests.open_request(revision, by=stage.cast.dana, reason="  ", choices={})


def test_a_request_nobody_could_approve_is_refused(stage: Stage) -> None:
    DecisionMaker.objects.all().delete()
    revision = make.plan(stage)
    with pytest.raises(NotReady, match="Nobody can approve"):
        requests.open_request(revision, by=stage.cast.dana, reason="x", choices={})
    assert not Rollback.objects.exists()


def test_a_decision_maker_approves_what_they_saw(stage: Stage) -> None:
    rollback = make.requested(stage)
    approvals.approve(rollback, by=stage.cast.lee, snapshot_sha256=rollback.snapshot_sha256)
    assert state(rollback) == "approved"
    assert kinds(rollback)[1:] == ["approval.given", "rollback.approved"]


@pytest.mark.parametrize(
    ("who", "says"), [("dana", "someone else"), ("vic", "not a decision maker")]
)
def test_others_are_refused_and_the_refusal_is_on_record(stage: Stage, who: str, says: str) -> None:
    rollback = make.requested(stage)
    person = getattr(stage.cast, who)
    with pytest.raises(Refused, match=says):
        approvals.approve(rollback, by=person, snapshot_sha256=rollback.snapshot_sha256)
    assert state(rollback) == "requested"
    assert kinds(rollback)[-1] == "approval.refused"


def test_a_decision_maker_who_asked_may_not_approve(stage: Stage) -> None:
    revision = make.plan(stage)
    rollback = requests.open_request(revision, by=stage.cast.lee, reason="x", choices={})
    with pytest.raises(Refused, match="someone else"):
        approvals.approve(rollback, by=stage.cast.lee, snapshot_sha256=rollback.snapshot_sha256)


def test_who_wrote_the_revision_may_not_approve_it(stage: Stage) -> None:
    DecisionMaker.objects.create(environment=stage.environment, user=stage.cast.ada)
    rollback = make.requested(stage)
    with pytest.raises(Refused, match="wrote what nobody has approved"):
        approvals.approve(rollback, by=stage.cast.ada, snapshot_sha256=rollback.snapshot_sha256)


def test_another_hash_than_the_one_shown_is_refused(stage: Stage) -> None:
    rollback = make.requested(stage)
    with pytest.raises(Changed):
        approvals.approve(rollback, by=stage.cast.lee, snapshot_sha256="0" * 64)
    assert state(rollback) == "requested"


def test_a_host_that_changed_since_the_request_stops_the_approval(stage: Stage) -> None:
    rollback = make.requested(stage)
    Host.objects.update(address="192.0.2.66")
    with pytest.raises(Changed) as refused:
        approvals.approve(rollback, by=stage.cast.lee, snapshot_sha256=rollback.snapshot_sha256)
    assert refused.value.changes == [("hosts.app-1.address", "192.0.2.1", "192.0.2.66")]
    assert state(rollback) == "requested"


def test_a_renewed_request_voids_earlier_approvals(stage: Stage) -> None:
    stage.environment.approvals_code = 2
    stage.environment.save()
    rollback = make.requested(stage)
    old = rollback.snapshot_sha256
    approvals.approve(rollback, by=stage.cast.lee, snapshot_sha256=old)
    Host.objects.update(address="192.0.2.66")
    rollback = requests.renew(rollback, by=stage.cast.dana)
    assert rollback.snapshot_sha256 != old
    approvals.approve(rollback, by=stage.cast.sam, snapshot_sha256=rollback.snapshot_sha256)
    assert state(rollback) == "requested"
    approvals.approve(rollback, by=stage.cast.lee, snapshot_sha256=rollback.snapshot_sha256)
    assert state(rollback) == "approved"


def test_a_deactivated_person_may_not_approve(stage: Stage) -> None:
    rollback = make.requested(stage)
    stage.cast.lee.is_active = False
    stage.cast.lee.save()
    with pytest.raises(Refused, match="no longer active"):
        approvals.approve(rollback, by=stage.cast.lee, snapshot_sha256=rollback.snapshot_sha256)


def test_the_same_yes_twice_counts_once(stage: Stage) -> None:
    stage.environment.approvals_code = 2
    stage.environment.save()
    rollback = make.requested(stage)
    approvals.approve(rollback, by=stage.cast.lee, snapshot_sha256=rollback.snapshot_sha256)
    with pytest.raises(Refused, match="already approved"):
        approvals.approve(rollback, by=stage.cast.lee, snapshot_sha256=rollback.snapshot_sha256)
    assert state(rollback) == "requested"
    approvals.approve(rollback, by=stage.cast.sam, snapshot_sha256=rollback.snapshot_sha256)
    assert state(rollback) == "approved"


def test_a_rejection_ends_the_request_with_its_reason(stage: Stage) -> None:
    rollback = make.requested(stage)
    approvals.reject(
        rollback,
        by=stage.cast.lee,
        snapshot_sha256=rollback.snapshot_sha256,
        reason="Fix forward instead",
    )
    assert state(rollback) == "rejected"
    assert rollback.events.get(kind="approval.rejected").facts["note"] == "Fix forward instead"
    with pytest.raises(Refused):
        approvals.approve(rollback, by=stage.cast.sam, snapshot_sha256=rollback.snapshot_sha256)


def test_who_said_yes_may_still_say_no(stage: Stage) -> None:
    stage.environment.approvals_code = 2
    stage.environment.save()
    rollback = make.requested(stage)
    seen = rollback.snapshot_sha256
    approvals.approve(rollback, by=stage.cast.lee, snapshot_sha256=seen)
    approvals.reject(rollback, by=stage.cast.lee, snapshot_sha256=seen, reason="Not that tag")
    assert state(rollback) == "rejected"


def test_a_rejection_needs_a_reason_and_the_right(stage: Stage) -> None:
    rollback = make.requested(stage)
    seen = rollback.snapshot_sha256
    with pytest.raises(Refused, match="Say why"):
        approvals.reject(rollback, by=stage.cast.lee, snapshot_sha256=seen, reason="")
    with pytest.raises(Refused, match="not a decision maker"):
        approvals.reject(rollback, by=stage.cast.vic, snapshot_sha256=seen, reason="no")
    assert state(rollback) == "requested"


def test_only_who_asked_may_withdraw(stage: Stage) -> None:
    rollback = make.requested(stage)
    with pytest.raises(Refused, match="Only the requester"):
        requests.withdraw(rollback, by=stage.cast.lee)
    requests.withdraw(rollback, by=stage.cast.dana)
    assert state(rollback) == "withdrawn"


@pytest.mark.parametrize("approved", [False, True])
def test_what_nobody_answers_or_starts_in_time_expires(stage: Stage, approved: bool) -> None:
    rollback = make.approved(stage) if approved else make.requested(stage)
    Rollback.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    due_rollbacks.expire()
    assert state(rollback) == "expired"
    assert kinds(rollback)[-1] == "rollback.expired"


def test_an_expired_request_cannot_be_approved_even_before_the_sweep(stage: Stage) -> None:
    rollback = make.requested(stage)
    Rollback.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Refused, match="expired"):
        approvals.approve(rollback, by=stage.cast.lee, snapshot_sha256=rollback.snapshot_sha256)


def test_steering_is_refused_before_a_rollback_runs(stage: Stage) -> None:
    rollback = make.requested(stage)
    with pytest.raises(Refused, match="is requested"):
        steering.pause(rollback, by=stage.cast.dana, reason="x")


def test_a_viewer_may_not_steer(stage: Stage) -> None:
    rollback = make.approved(stage)
    with pytest.raises(Refused, match="have read-only access"):
        steering.request_abort(rollback, by=stage.cast.vic, reason="x")


def test_a_note_stays_in_the_stream(stage: Stage) -> None:
    rollback = make.requested(stage)
    steering.note(rollback, by=stage.cast.vic, text="Support sees 40 tickets")
    assert rollback.events.get(kind="note.added").facts == {"text": "Support sees 40 tickets"}


def test_a_note_of_something_seen_before_says_both_times(stage: Stage) -> None:
    rollback, seen = make.requested(stage), timezone.now() - timedelta(minutes=20)
    steering.note(rollback, by=stage.cast.vic, text="40 tickets", seen_at=seen)
    noted = events.sentence(rollback.events.get(kind="note.added"))
    assert noted == f"Vic Example noted (seen {seen:%H:%M} UTC, noted later): 40 tickets"
    for wrong in (timedelta(hours=-25), timedelta(minutes=5)):
        with pytest.raises(Refused, match="within the last 24 hours"):
            steering.note(rollback, by=stage.cast.vic, text="x", seen_at=timezone.now() + wrong)
