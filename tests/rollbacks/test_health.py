"""Who was heard of, and from where."""

from __future__ import annotations

import pytest
from django.db.models.functions import Now

from rollback_console.rollbacks.models import ProcessSeen
from rollback_console.rollbacks.queries import health


@pytest.mark.django_db
def test_a_worker_elsewhere_does_not_speak_for_the_one_here() -> None:
    ProcessSeen.objects.create(role="worker", name="worker elsewhere:7", at=Now())
    assert health.seen()["worker"]
    assert not health.seen_here("worker")
    health.say_alive("worker")
    assert health.seen_here("worker")
    assert not health.seen_here("sweeper")
