"""Firings: what people make of an alarm."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from rollback_console.audit import kinds
from rollback_console.audit.record import record_change
from rollback_console.common.permission import may_do
from rollback_console.rollbacks.errors import Refused

from ..models import Firing


@transaction.atomic
def mark_false_alarm(firing: Firing, *, by: User) -> Firing:
    """It fired for nothing: counted where the trigger is edited. Raises Refused."""
    trigger = firing.trigger
    if not may_do(by, "rollbacks.request_rollback", trigger):
        raise Refused(
            f"You may not judge alarms of {trigger.service} in {trigger.environment}. "
            "Ask an operator."
        )
    unmarked = Firing.objects.filter(pk=firing.pk, false_alarm=False)
    if not unmarked.update(false_alarm=True, marked_by=by, marked_at=Now()):
        raise Refused("This is marked as a false alarm already. Reload the page.")
    record_change(kinds.FALSE_ALARM_MARKED, by=by, subject=trigger, evidence=firing.evidence)
    firing.refresh_from_db()
    return firing
