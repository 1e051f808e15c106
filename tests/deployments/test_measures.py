"""The four keys of DORA, from deployments that are on record."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from rollback_console.deployments.measures import FourKeys, measure
from rollback_console.deployments.models import Deployment
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.make import Stage

NOW = timezone.now()


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def deployed(
    stage: Stage, ended: float, state: str = "succeeded", committed: float | None = None
) -> Deployment:
    """One that ended so many hours ago, of a commit that was made so many hours ago."""
    return Deployment.objects.create(
        service=stage.service,
        environment=stage.environment,
        version=f"v{ended}",
        recorded_by=stage.cast.dana,
        state=state,
        started_at=hours_ago(ended),
        finished_at=hours_ago(ended),
        committed_at=None if committed is None else hours_ago(committed),
    )


def undone(stage: Stage, deployment: Deployment, ended: float, state: str = "succeeded") -> None:
    rollback = make.requested(stage)
    finished = hours_ago(ended)
    Rollback.objects.filter(pk=rollback.pk).update(state=state, finished_at=finished)
    Deployment.objects.filter(pk=deployment.pk).update(decision="yes", rollback=rollback)


def keys(days: int = 10) -> FourKeys:
    return measure(Deployment.objects.all(), days=days)


def test_nothing_is_known_of_no_deployment(db: None) -> None:
    assert keys() == FourKeys(10, 0, 0.0, None, 0, None, None, 0)


def test_frequency_counts_what_succeeded_and_the_rate_what_went_wrong(stage: Stage) -> None:
    deployed(stage, 40)
    deployed(stage, 30)
    deployed(stage, 20, "failed")
    undone(stage, deployed(stage, 10), 9)
    measured = keys()
    assert (measured.deployments, measured.per_day, measured.change_fail_rate) == (4, 0.3, 0.5)


def test_lead_time_is_the_median_of_those_whose_commit_is_known(stage: Stage) -> None:
    deployed(stage, 40, committed=41)
    deployed(stage, 30, committed=33)
    deployed(stage, 20, committed=120)
    deployed(stage, 10)
    deployed(stage, 5, committed=1)
    measured = keys()
    assert (measured.lead_time, measured.known_lead_times) == (3 * 3600, 3)


@pytest.mark.parametrize(("state", "hours"), [("succeeded", 1), ("failed", 4)])
def test_recovery_ends_with_the_rollback_or_else_with_the_next_good_deployment(
    stage: Stage, state: str, hours: int
) -> None:
    undone(stage, deployed(stage, 10), 9, state)
    deployed(stage, 6)
    measured = keys()
    assert (measured.recovery_time, measured.recoveries) == (hours * 3600, 1)


def test_what_was_never_put_right_has_no_recovery_time_yet(stage: Stage) -> None:
    deployed(stage, 12)
    deployed(stage, 10, "failed")
    assert (keys().recovery_time, keys().change_fail_rate) == (None, 0.5)


def test_what_ended_before_does_not_count(stage: Stage) -> None:
    deployed(stage, 24 * 11)
    assert keys().deployments == 0
