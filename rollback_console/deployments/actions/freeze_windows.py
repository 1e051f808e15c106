"""Freeze windows: when nothing may be deployed, set and ended by operators."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from rollback_console.audit import kinds
from rollback_console.audit.integrity.row_ledger import added, changed
from rollback_console.audit.record import record_change
from rollback_console.common.permission import may_do
from rollback_console.plans.models import Environment, Service
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.errors import Refused

from ..models import FreezeWindow

LONGEST = timedelta(days=366)


@transaction.atomic
def add_freeze_window(
    *,
    by: User,
    environment: Environment,
    reason: str,
    starts_at: datetime,
    ends_at: datetime,
    service: Service | None = None,
) -> FreezeWindow:
    """Nothing is deployable in between, of one service or of all. Raises Refused."""
    window = FreezeWindow(environment=environment, service=service, reason=reason.strip()[:200])
    window.starts_at, window.ends_at, window.by = starts_at, ends_at, by
    _permit(by, window)
    if not window.reason:
        raise Refused("Say why nothing may be deployed: pipelines show it.")
    if not timedelta() < ends_at - starts_at <= LONGEST:
        raise Refused("A freeze window ends after it starts, and within a year.")
    if ends_at <= db_clock.now():
        raise Refused("This window lies in the past. Enter an end that is still to come.")
    window.save(force_insert=True)
    record_change(kinds.FREEZE_WINDOW_ADDED, by=by, subject=window, rows=[added(window)])
    return window


@transaction.atomic
def end_freeze_window(window: FreezeWindow, *, by: User) -> FreezeWindow:
    """It ends now, or never begins. Raises Refused when it is over already."""
    _permit(by, window)
    now = db_clock.now()
    standing = FreezeWindow.objects.filter(pk=window.pk, ends_at__gt=now)
    if not standing.update(ends_at=now):
        raise Refused("This freeze window is over already. Reload the page.")
    rows = [changed(window, "ends_at")]
    record_change(kinds.FREEZE_WINDOW_ENDED, by=by, subject=window, rows=rows)
    window.refresh_from_db()
    return window


def _permit(by: User, window: FreezeWindow) -> None:
    if not may_do(by, "rollbacks.operate_rollback", window):
        raise Refused(f"You may not freeze deployments in {window.environment}. Ask an operator.")
