"""Each column of a rollback's tables is compared with events, or stands here with a reason."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import models, transaction
from django.utils import timezone

from rollback_console.audit.integrity.row_comparison import accept_rows
from rollback_console.plans.models import Delegation, Environment, Revision, Service
from rollback_console.rollbacks.actions import approvals, break_glass, steering
from rollback_console.rollbacks.events import flaws
from rollback_console.rollbacks.models import (
    Approval,
    BreakGlass,
    ChecklistAnswer,
    Event,
    LogChunk,
    Message,
    Rollback,
    StepAnswer,
    StepRun,
)
from rollback_console.rollbacks.permissions.groups import rows_of_roles
from tests import make
from tests.fleet import Fleet
from tests.make import Stage

from .driving import answer_checks, drive

pytestmark = pytest.mark.django_db(transaction=True)

TABLES: tuple[type[models.Model], ...] = (
    Rollback,
    Approval,
    BreakGlass,
    StepRun,
    LogChunk,
    StepAnswer,
    ChecklistAnswer,
    Message,
    Event,
)

NOT_COMPARED = {
    "rollback.escalates_at": "when more people are told; it decides nothing",
    "rollback.reminds_at": "when people are told again; it decides nothing",
    "rollback.lease_owner": "which process drives it now; no event tells of a lease",
    "rollback.lease_until": "until when; a wrong one delays the next claim, which needs the fence",
    "rollback.due_at": "when somebody drives it next; the sweep drives what is overdue",
    "steprun.fence": "which claim drives it; it changes with each, and no event tells of that",
    "steprun.lines": "a count for pages, drawn from the log, whose bytes are compared",
    "steprun.unreachable_since": "since when a host is silent; written anew with the next look",
    "steprun.cleared": "whether a host keeps a folder; the sweep looks again",
    "logchunk.first_line": "where pages look for a line; the bytes are compared",
    "logchunk.line_starts": "where pages look for a line; the bytes are compared",
    "logchunk.at": "when a piece of a log was stored; the run's own times are compared",
}
"""Why a wrong value of these changes nothing that was decided, approved or run."""


def columns() -> Iterator[tuple[type[models.Model], str]]:
    for model in TABLES:
        for field in model._meta.concrete_fields:
            if not field.primary_key:
                yield model, field.name


def name_of(model: type[models.Model], column: str) -> str:
    return f"{model._meta.model_name}.{column}"


COMPARED = [each for each in columns() if name_of(*each) not in NOT_COMPARED]


@pytest.fixture
def full(stage: Stage, fleet: Fleet) -> Rollback:
    """One with a row in each table: approved once, started without the second approval, driven
    with a question, a skipped failure, a message and answers; and reviewed."""
    glass = make.may_break_glass(stage.cast.sam)
    stage.environment.approvals_code = 2
    stage.environment.second_person = "never"
    stage.environment.save()
    accept_rows(rows_of_roles(), unknown_only=True)
    fleet.scripts["restoring"] = (b"no such tag\n", 1)
    rollback = make.requested(stage)
    approve(rollback, stage.cast.lee)
    break_glass.break_glass(
        rollback,
        by=glass,
        snapshot_sha256=rollback.snapshot_sha256,
        reason="Nobody answers and orders are lost",
    )
    rollback = drive(rollback, fleet)
    steering.skip(rollback, position=2, by=stage.cast.lee, reason="Done by hand")
    steering.send_message(rollback, by=stage.cast.dana, text="On its way", recipients="All")
    rollback = drive(rollback, fleet)
    answer_checks(rollback, stage)
    rollback = drive(rollback, fleet)
    assert rollback.state == "succeeded"
    break_glass.close_review(rollback, by=stage.cast.ada, finding="It was right, nobody was there")
    rollback.refresh_from_db()
    assert [flaw.sentence for flaw in flaws()] == []
    for model in TABLES:
        assert model._default_manager.exists(), model
    return rollback


def approve(rollback: Rollback, by: User) -> None:
    approvals.approve(rollback, by=by, snapshot_sha256=rollback.snapshot_sha256)


def test_a_column_that_is_not_compared_exists() -> None:
    assert {name_of(*each) for each in columns()} >= NOT_COMPARED.keys()


def test_each_column_that_is_changed_in_the_database_is_named(full: Rollback) -> None:
    unnoticed = [name_of(*each) for each in COMPARED if not is_noticed(full, *each)]
    assert len(COMPARED) > 80
    assert unnoticed == []


def is_noticed(rollback: Rollback, model: type[models.Model], column: str) -> bool:
    """Whether another value of the column is a flaw; it is put back afterwards."""
    row = model._default_manager.order_by("pk")[0]
    field = model._meta.get_field(column)
    assert isinstance(field, models.Field)
    with transaction.atomic():
        update = {column: other(field, getattr(row, column), rollback)}
        model._default_manager.filter(pk=row.pk).update(**update)
        named = [flaw for flaw in flaws() if flaw.rollback == rollback.pk]
        transaction.set_rollback(True)
    return bool(named)


def other(field: models.Field[Any, Any], value: Any, rollback: Rollback) -> Any:
    """Another value that the column takes."""
    if isinstance(field, models.ForeignKey):
        return another_row(field, value, rollback)
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.DateTimeField):
        return (value or timezone.now()) + timedelta(hours=1)
    if isinstance(field, models.UUIDField):
        return uuid.uuid4()
    if isinstance(field, models.JSONField):
        return [9] if isinstance(value, list) else {"kind": "other"}
    if isinstance(field, models.BinaryField):
        return b"another"
    if isinstance(field, models.IntegerField):
        return 0 if field.name == "fence" else (value or 0) + 70
    assert isinstance(field, models.CharField | models.TextField)
    if field.max_length and len(value) >= field.max_length:
        return "0" * field.max_length
    return {"state": "failed", "answer": "continue"}.get(field.name, f"{value}x")


def another_row(field: models.ForeignKey[Any, Any], value: Any, rollback: Rollback) -> Any:
    target = field.related_model
    if target is Rollback:
        copy = Rollback.objects.get(pk=rollback.pk)
        copy.pk, copy.last_seq, copy.last_hash = None, 0, ""
        copy.save()
        return copy
    if target is Delegation:
        environment, now = rollback.environment, timezone.now()
        giver, to = User.objects.get(username="lee"), User.objects.get(username="sam")
        return Delegation.objects.create(
            environment=environment, giver=giver, to=to, starts_at=now, ends_at=now
        )
    if target is Service:
        return Service.objects.create(slug="another", name="Another")
    if target is Environment:
        return Environment.objects.create(slug="another", name="Another")
    if target is Revision:
        return Revision.objects.exclude(pk=value.pk)[0]
    if target is StepRun:
        elsewhere = another_row(StepRun._meta.get_field("rollback"), rollback, rollback)
        return StepRun.objects.create(rollback=elsewhere, position=1, host="app-1")
    assert target is User
    return User.objects.get(username="vic")


def test_a_cut_tail_is_not_mended_by_the_next_honest_act(stage: Stage) -> None:
    rollback = make.requested(stage)
    steering.note(rollback, by=stage.cast.vic, text="to be forgotten")
    last = rollback.events.latest("seq")
    last.delete()
    Rollback.objects.filter(pk=rollback.pk).update(last_seq=last.seq - 1, last_hash=last.previous)
    steering.note(rollback, by=stage.cast.vic, text="in its place")
    assert "the anchor names" in "".join(flaw.sentence for flaw in flaws())
