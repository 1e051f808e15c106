"""Who is told of a proposal: one level of decision makers after another."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from rollback_console.outbox import due_notices
from rollback_console.outbox.models import Delivery
from rollback_console.proposals.actions import proposals
from rollback_console.proposals.models import Proposal
from tests.make import Stage

from .conftest import AddTarget


def proposal(stage: Stage) -> Proposal:
    return proposals.open_proposal(
        source="Watch",
        environment=stage.environment,
        plan=None,
        fingerprint="deployment:1",
        episode="1",
        title="Checkout v2: Health check fails",
        trigger="Health check fails",
        detail="It answered 500 instead of 200.",
        link="",
    )


def test_the_first_level_is_told_at_once_and_the_next_when_its_time_has_passed(
    stage: Stage, add_target: AddTarget
) -> None:
    add_target(url="mailto://127.0.0.1:25?from=a@example.org", personal=True)
    made = proposal(stage)
    for _ in range(2):
        due_notices.events()
    (first,) = Delivery.objects.all()
    assert first.to == ["lee@example.org"]
    assert "It answered 500 instead of 200." in first.text
    assert "Each level of decision makers has 10 minutes" in first.text
    Proposal.objects.update(opened_at=timezone.now() - timedelta(minutes=11))
    for _ in range(2):
        due_notices.events()
    assert [each.to for each in Delivery.objects.order_by("pk")] == [
        ["lee@example.org"],
        ["sam@example.org"],
    ]
    proposals.close_recovered(made, note="It recovered.")
    Delivery.objects.all().delete()
    due_notices.events()
    assert not Delivery.objects.exists()
