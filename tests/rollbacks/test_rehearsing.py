"""A rollback practised elsewhere: when, how long, and with which other steps."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from rollback_console.plans.actions import plans
from rollback_console.plans.models import Environment
from rollback_console.plans.snapshot.freeze import freeze_snapshot
from rollback_console.postmortems.models import Import
from rollback_console.rollbacks.models import Rollback
from rollback_console.rollbacks.queries import lists, rehearsals
from tests import make
from tests.make import PLAN, Stage

pytestmark = pytest.mark.django_db


def rehearsed(stage: Stage, text: str = PLAN) -> Rollback:
    """The plan done twelve days ago, in 90 seconds, where it is practised."""
    place = Environment.objects.create(
        slug="practice", name="PRACTICE", rehearses=stage.environment
    )
    host = make.host(place, "practice-1", stage.cast.ada)
    revision = plans.import_document(
        make.canonical(text).encode(),
        by=stage.cast.ada,
        service=stage.service,
        environment=place,
    )
    revision = plans.bind_steps(revision, by=stage.cast.ada, bindings={"hosts": host.name})
    revision = make.confirmed(revision, stage.cast.ada)
    snapshot = freeze_snapshot(revision, {})
    ended = timezone.now() - timedelta(days=12)
    return Rollback.objects.create(
        revision=revision, service=stage.service, environment=place, title=revision.plan.title,
        reason="Practice", state="succeeded", snapshot=snapshot.to_json(),
        snapshot_sha256=snapshot.sha256, requested_by=stage.cast.dana, requested_at=ended,
        expires_at=ended, started_at=ended - timedelta(seconds=90), finished_at=ended,
    )  # fmt: skip


def test_a_plan_nobody_practised_has_no_rehearsal(stage: Stage) -> None:
    assert rehearsals.last(make.plan(stage).plan, None) is None


def test_the_last_rehearsal_is_found_with_its_time_and_the_same_steps(stage: Stage) -> None:
    revision, done = make.plan(stage), rehearsed(stage)
    rehearsal = rehearsals.last(revision.plan, freeze_snapshot(revision, {}))
    assert rehearsal is not None
    assert (rehearsal.rollback, rehearsal.seconds, rehearsal.different) == (done, 90.0, ())


def test_steps_that_were_not_the_same_are_named(stage: Stage) -> None:
    revision = make.plan(stage)
    rehearsed(stage, PLAN.replace("echo restoring", "echo something else"))
    rehearsal = rehearsals.last(revision.plan, freeze_snapshot(revision, {}))
    assert rehearsal is not None
    assert rehearsal.different == ("Restore Code",)


def test_what_was_loaded_from_a_file_is_no_rehearsal(stage: Stage) -> None:
    revision, done = make.plan(stage), rehearsed(stage)
    Import.objects.create(rollback=done, sha256="0" * 64, by=stage.cast.dana, at=timezone.now())
    assert rehearsals.last(revision.plan, None) is None


def test_rehearsals_feed_the_estimate_once_there_are_three(stage: Stage) -> None:
    revision, done = make.plan(stage), rehearsed(stage)
    assert lists.durations(revision.plan) == []
    for _ in range(2):
        done.pk = None
        done.save(force_insert=True)
    assert lists.durations(revision.plan) == [90.0] * 3
