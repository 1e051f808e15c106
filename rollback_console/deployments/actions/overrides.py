"""Overrides: one version is deployable for a time, although something stands against it."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction

from rollback_console.audit import kinds
from rollback_console.audit.integrity.row_ledger import added, changed
from rollback_console.audit.record import record_change
from rollback_console.common.text import text_problem
from rollback_console.plans.approval.decision_makers import decides_in
from rollback_console.plans.models import Environment, Service
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.errors import Refused

from ..guard import obstacles
from ..models import GuardOverride

LONGEST_HOURS = 24


@transaction.atomic
def override_guard(
    *,
    by: User,
    service: Service,
    environment: Environment,
    version: str,
    reason: str,
    hours: int = 1,
) -> GuardOverride:
    """Let a version be deployed for `hours`, past what stands against it now and nothing else.

    Decision makers of the environment alone. Raises Refused.
    """
    _permit(by, environment)
    version, reason = version.strip()[:200], reason.strip()
    if not version or not reason or (problem := text_problem(reason)):
        raise Refused(problem if version and reason else "Name the version and say why.")
    if not 1 <= hours <= LONGEST_HOURS:
        raise Refused(f"An override holds for 1 to {LONGEST_HOURS} hours.")
    standing = [each for each in obstacles(service, version, environment) if not each.overridden]
    if not standing:
        raise Refused(f"Nothing stands against {version} in {environment}. No override is needed.")
    now = db_clock.now()
    made = GuardOverride(service=service, environment=environment, version=version, by=by, at=now)
    made.reason, made.ends_at = reason, now + timedelta(hours=hours)
    made.obstacles = [each.key for each in standing]
    made.save(force_insert=True)
    record_change(
        kinds.GUARD_OVERRIDDEN,
        by=by,
        subject=made,
        rows=[added(made)],
        reason=reason,
        obstacles=[each.sentence for each in standing],
        until=made.ends_at.isoformat(),
    )
    return made


@transaction.atomic
def end_override(override: GuardOverride, *, by: User) -> GuardOverride:
    """It holds no longer. Raises Refused when it is over already."""
    _permit(by, override.environment)
    now = db_clock.now()
    current = GuardOverride.objects.filter(pk=override.pk, ends_at__gt=now)
    if not current.update(ends_at=now):
        raise Refused("This override is over already. Reload the page.")
    rows = [changed(override, "ends_at")]
    record_change(kinds.GUARD_OVERRIDE_ENDED, by=by, subject=override, rows=rows)
    override.refresh_from_db()
    return override


def _permit(by: User, environment: Environment) -> None:
    if not by.is_active or not decides_in(environment, by):
        raise Refused(
            f"Only decision makers of {environment} override what stands against a deployment."
        )
