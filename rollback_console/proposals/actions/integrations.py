"""Integrations: which programs may propose rollbacks, written by admins."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from rollback_console.audit import kinds
from rollback_console.audit.fields import snapshot_fields
from rollback_console.audit.integrity.row_ledger import changed
from rollback_console.audit.record import record_change
from rollback_console.audit.stale_edit import refuse_stale_edit
from rollback_console.common.permission import may_do
from rollback_console.plans.models import Environment, Plan
from rollback_console.rollbacks.errors import Refused

from ..models import Integration

RECORDED = ("name", "kind", "environment", "plan", "secret")
"""What of an integration is on record, and what a form of it is drawn from."""

MANY = 60
"""What one integration may send in a minute."""


@transaction.atomic
def add_integration(
    *, by: User, name: str, kind: str, environment: Environment, plan: Plan | None = None
) -> tuple[Integration, str]:
    """A new integration and its secret, which is shown this once."""
    _permit_admin(by)
    _fit(environment, plan)
    secret = _secret()
    made = Integration.objects.create(
        name=name.strip(),
        kind=kind,
        environment=environment,
        plan=plan,
        secret=secret,
        made_by=by,
        made_at=Now(),
        secret_at=Now(),
    )
    made.refresh_from_db()
    after = snapshot_fields(made, *RECORDED)
    record_change(kinds.INTEGRATION_ADDED, by=by, subject=made, after=after)
    return made, secret


@transaction.atomic
def change_integration(
    integration: Integration,
    *,
    by: User,
    name: str,
    plan: Plan | None,
    drawn_from: str | None = None,
) -> Integration:
    """Another name, or another plan to propose. Raises StaleEdit for an outdated `drawn_from`."""
    _permit_admin(by)
    row = Integration.objects.select_for_update().get(pk=integration.pk)
    refuse_stale_edit(row, drawn_from, *RECORDED)
    _fit(row.environment, plan)
    before = snapshot_fields(row, *RECORDED)
    row.name, row.plan = name.strip(), plan
    row.save(update_fields=["name", "plan"])
    after = snapshot_fields(row, *RECORDED)
    record_change(kinds.INTEGRATION_CHANGED, by=by, subject=row, before=before, after=after)
    return row


@transaction.atomic
def renew_secret(integration: Integration, *, by: User) -> str:
    """A new secret, shown this once; the old one opens nothing any more."""
    _permit_admin(by)
    secret = _secret()
    integration.secret = secret
    Integration.objects.filter(pk=integration.pk).update(secret=secret, secret_at=Now())
    rows = [changed(integration, "secret", "secret_at")]
    record_change(kinds.INTEGRATION_SECRET_RENEWED, by=by, subject=integration, rows=rows)
    return secret


@transaction.atomic
def remove_integration(integration: Integration, *, by: User) -> None:
    """It proposes nothing any more; what it proposed stays."""
    _permit_admin(by)
    before = snapshot_fields(integration, *RECORDED)
    record_change(kinds.INTEGRATION_REMOVED, by=by, subject=integration, before=before)
    integration.delete()


def count_call(integration: Integration, now: Any) -> bool:
    """Whether one more is within what may be sent in a minute; counts it when it is."""
    minute = now.replace(second=0, microsecond=0)
    row = Integration.objects.filter(pk=integration.pk)
    within, stale = row.filter(minute=minute, taken__lt=MANY), row.exclude(minute=minute)

    def one_more() -> int:
        return within.update(taken=F("taken") + 1, last_used_at=Now())

    # Of several that begin a minute together one wins, and the others count on.
    begun = one_more() or stale.update(minute=minute, taken=1, last_used_at=Now())
    return bool(begun or one_more())


def _fit(environment: Environment, plan: Plan | None) -> None:
    if plan is not None and plan.environment_id != environment.pk:
        raise Refused(f"The plan {plan} belongs to {plan.environment}, not {environment}.")


def _secret() -> str:
    return secrets.token_urlsafe(32)


def _permit_admin(by: User) -> None:
    if not may_do(by, "plans.change_environment"):
        raise Refused("Only Admins can change alert integrations.")
