"""What the sweep does about requests nobody decides: asks more people, and reminds them.

Neither ever approves. Each is one guarded UPDATE and one event.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from rollback_console.engine import authority
from rollback_console.engine.states import RollbackState

from .. import db_clock, events
from ..events import record
from ..execution.view import snapshot_of
from ..models import Rollback
from ..permissions import rights


def escalate() -> None:
    """Ask the next rung about every request that its rungs have left alone for too long."""
    for number in _open().filter(escalates_at__lte=Now()).values_list("pk", flat=True):
        _climb(number)


def remind() -> None:
    """Tell those who are asked that a request is about to expire."""
    for number in _open().filter(reminds_at__lte=Now()).values_list("pk", flat=True):
        _remind(number)


def next_at(rollback: Rollback) -> str:
    """When more people are asked, as events write it; "" when nobody is left."""
    left = authority.next_rung(rights.authority_for(rollback).able(), rollback.rung)
    moment = rollback.escalates_at if left is not None else None
    return moment.isoformat(timespec="milliseconds") if moment else ""


def _open() -> QuerySet[Rollback]:
    return Rollback.objects.filter(state=RollbackState.REQUESTED, expires_at__gt=Now())


@transaction.atomic
def _climb(number: int) -> None:
    row = _open().select_for_update().filter(pk=number).first()
    if row is None:
        return
    able, was = rights.authority_for(row).able(), row.rung
    higher = authority.next_rung(able, was)
    after = timedelta(minutes=max(snapshot_of(row.snapshot).policy.escalate_after, 1))
    due = _open().filter(pk=number, rung=was, escalates_at__lte=Now())
    # Nobody stands higher now; somebody may be named before the request expires.
    if not due.update(rung=higher or was, escalates_at=db_clock.later(after)) or higher is None:
        return
    row.refresh_from_db()
    newly_asked = [each for each in authority.makers_up_to(able, higher) if each.rung > was]
    record(
        row,
        events.APPROVAL_ESCALATED,
        row={"rung": higher},
        from_rung=was,
        rung=higher,
        to=rights.people(newly_asked),
        next_at=next_at(row),
    )


@transaction.atomic
def _remind(number: int) -> None:
    row = _open().select_for_update().select_related("environment").filter(pk=number).first()
    if row is None:
        return
    left = (row.expires_at - db_clock.now()).total_seconds() / 60
    again = authority.next_reminder(row.environment.remind_before, left)
    at = row.expires_at - timedelta(minutes=again) if again else None
    if not _open().filter(pk=number, reminds_at__lte=Now()).update(reminds_at=at):
        return
    record(
        row,
        events.APPROVAL_REMINDED,
        expires_at=row.expires_at.isoformat(timespec="milliseconds"),
        minutes_left=max(round(left), 1),
        rung=row.rung,
        to=rights.people(authority.makers_up_to(rights.authority_for(row).able(), row.rung)),
    )
