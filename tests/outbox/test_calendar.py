"""What time alone brings: updates, actions, postmortems, plans that would not work, proposals."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from rollback_console.outbox import due_notices
from rollback_console.outbox.models import Delivery, Target
from rollback_console.plans.models import ProbeResult
from rollback_console.postmortems import checklist
from rollback_console.postmortems.actions import postmortems
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.make import Stage

from .conftest import AddTarget


def due() -> list[str]:
    due_notices.events()
    return list(Delivery.objects.order_by("id").values_list("title", flat=True))


def test_an_update_that_is_due_is_called_for_once(stage: Stage, add_target: AddTarget) -> None:
    add_target(topics=["cadence"])
    row = make.approved(stage)
    assert due() == []
    long_ago = timezone.now() - timedelta(hours=1)
    Rollback.objects.update(state="running", started_at=long_ago)
    assert due() == due() == [f"[STAGING] An update is due: {row.title}"]
    Rollback.objects.update(state="failed", finished_at=timezone.now())
    assert len(due()) == 1


def test_the_owner_of_an_action_is_reminded_once(stage: Stage, add_target: AddTarget) -> None:
    add_target(url="mailto://127.0.0.1:9?from=c@example.org", personal=True, topics=["actions"])
    row = make.requested(stage)
    item = checklist.add_item(
        row,
        by=stage.cast.dana,
        text="Rotate the key",
        kind="follow_up",
        owner=stage.cast.sam,
        due=timezone.now().date(),
    )
    titles = due()
    assert titles == due()
    assert "Action item due" in titles[0]
    assert "Rotate the key" in titles[0]
    assert Delivery.objects.get().to == ["sam@example.org"]
    item.refresh_from_db()
    assert item.reminded_at


def test_nobody_counts_as_reminded_while_nobody_hears_of_it(
    stage: Stage, add_target: AddTarget
) -> None:
    add_target(topics=["decide"])
    row = make.requested(stage)
    item = checklist.add_item(
        row,
        by=stage.cast.dana,
        text="Rotate the key",
        kind="follow_up",
        owner=stage.cast.sam,
        due=timezone.now().date(),
    )
    assert due() == []
    item.refresh_from_db()
    assert item.reminded_at is None
    Target.objects.update(topics=["actions"])
    assert len(due()) == 1


def test_a_postmortem_is_announced_when_it_is_published(
    stage: Stage, add_target: AddTarget
) -> None:
    add_target(topics=["published"])
    row = make.requested(stage)
    Rollback.objects.update(state="failed", finished_at=timezone.now())
    row.refresh_from_db()
    draft = postmortems.open_postmortem(row)
    draft = postmortems.write_texts(
        draft, by=stage.cast.dana, version=draft.version, what_went_wrong="A lock"
    )
    draft = postmortems.move_postmortem(draft, by=stage.cast.dana, to="in_review")
    assert due() == []
    postmortems.move_postmortem(draft, by=stage.cast.dana, to="published")
    assert due() == due() == [f"[STAGING] Postmortem published: {row.title}"]


def test_a_plan_that_would_not_work_is_told_once_for_each_reason(
    stage: Stage, add_target: AddTarget
) -> None:
    add_target(topics=["readiness"])
    revision = make.plan(stage)

    def probed(verdict: str, detail: str) -> None:
        ProbeResult.objects.all().delete()
        ProbeResult.objects.create(
            revision=revision,
            snapshot_sha256="0" * 64,
            host="app-1",
            kind="space",
            verdict=verdict,
            detail=detail,
            at=timezone.now(),
        )

    probed("ready", "Enough")
    assert due() == []
    probed("not_ready", "Only 3 MB are free")
    assert len(due()) == len(due()) == 1
    assert "app-1: Only 3 MB are free" in Delivery.objects.get().text
    probed("not_ready", "Nobody answers")
    assert len(due()) == 2
