"""A person makes a request of a proposal, or dismisses it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from rollback_console.proposals.actions import integrations, proposals
from rollback_console.proposals.models import Proposal
from rollback_console.rollbacks.actions import approvals
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.make import Stage

from .conftest import Sender, alert, group


@pytest.fixture
def proposed(stage: Stage, alertmanager: Sender) -> Proposal:
    make.plan(stage)
    alertmanager.send(group(alert()))
    return Proposal.objects.get()


def ask(proposed: Proposal, by: User) -> Rollback:
    assert proposed.plan
    return proposals.request_rollback(
        proposed,
        by=by,
        revision=proposed.plan.revisions.order_by("-number")[0],
        reason="It burns",
        trigger=proposed.trigger,
        choices={},
    )


def test_a_request_made_of_it_waits_for_somebody_else(stage: Stage, proposed: Proposal) -> None:
    made = ask(proposed, stage.cast.lee)
    assert (made.state, made.trigger) == ("requested", proposed.trigger)
    proposed.refresh_from_db()
    assert (proposed.state, proposed.rollback, proposed.decided_by) == (
        "requested",
        made,
        stage.cast.lee,
    )
    with pytest.raises(Refused):
        approvals.approve(made, by=stage.cast.lee, snapshot_sha256=made.snapshot_sha256)
    approvals.approve(made, by=stage.cast.sam, snapshot_sha256=made.snapshot_sha256)


def test_two_people_do_not_make_two_requests_of_it(stage: Stage, proposed: Proposal) -> None:
    stale = Proposal.objects.get()
    ask(proposed, stage.cast.dana)
    with pytest.raises(Refused, match="proposal has been decided already"):
        ask(stale, stage.cast.lee)
    assert Rollback.objects.count() == 1


def test_it_is_dismissed_with_a_reason_by_who_may(stage: Stage, proposed: Proposal) -> None:
    with pytest.raises(Refused, match="Enter why"):
        proposals.dismiss(proposed, by=stage.cast.dana, reason=" ")
    with pytest.raises(Refused, match="not decide"):
        proposals.dismiss(proposed, by=stage.cast.vic, reason="No")
    proposals.dismiss(proposed, by=stage.cast.dana, reason="A drill")
    assert (proposed.state, proposed.reason) == ("dismissed", "A drill")
    with pytest.raises(Refused, match="already"):
        ask(proposed, stage.cast.dana)


def test_only_admins_say_who_may_propose(stage: Stage) -> None:
    with pytest.raises(Refused, match="Only Admins"):
        integrations.add_integration(
            by=stage.cast.dana, name="Mine", kind="generic", environment=stage.environment
        )


def test_it_is_announced_to_those_who_want_to_hear(stage: Stage, proposed: Proposal) -> None:
    from rollback_console.outbox import due_notices
    from rollback_console.outbox.models import Delivery, Target

    Target.objects.create(
        name="Ops",
        url="http://127.0.0.1:9/",
        shown="http://127.0.0.1/…",
        topics=["proposed"],
        made_by=stage.cast.ada,
        made_at=proposed.opened_at,
    )
    due_notices.events()
    due_notices.events()
    row = Delivery.objects.get()
    assert row.link == f"http://testserver/proposals/{proposed.pk}/"
    assert "Nothing runs" in row.text
