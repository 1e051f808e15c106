"""Lending one's right to decide, for a time; it ends by itself or is revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, Value
from django.db.models.functions import Now

from rollback_console.audit import kinds
from rollback_console.audit.integrity.row_ledger import added, changed
from rollback_console.audit.record import record_change
from rollback_console.common.people import display_name

from ..approval.decision_makers import in_force
from ..errors import PlanError
from ..models import Delegation, Environment
from ..permission import ADMINISTER

LONGEST = timedelta(days=60)


@transaction.atomic
def delegate_right(
    environment: Environment, *, by: User, to: User, hours: float, reason: str = ""
) -> Delegation:
    """Lend `by`'s own right to `to` for so many hours from now. Raises PlanError."""
    Environment.objects.select_for_update().get(pk=environment.pk)
    _check(environment, by, to, hours)
    ends = ExpressionWrapper(Now() + Value(timedelta(hours=hours)), output_field=DateTimeField())
    delegation = Delegation.objects.create(
        environment=environment,
        giver=by,
        to=to,
        reason=reason.strip()[:200],
        starts_at=Now(),
        ends_at=ends,
    )
    delegation.refresh_from_db()
    rows = [added(delegation)]
    _record(kinds.DELEGATION_GIVEN, delegation, by, ends_at=delegation.ends_at, rows=rows)
    return delegation


@transaction.atomic
def revoke_delegation(delegation: Delegation, *, by: User) -> Delegation:
    """End a delegation at once: its giver, its holder or an Admin may. Raises PlanError."""
    concerned = by.pk in {delegation.giver_id, delegation.to_id}
    if not by.is_active or not (concerned or by.has_perm(ADMINISTER)):
        raise PlanError(
            "Only the person who delegated this right, the delegate or an Admin may end this."
        )
    held = Delegation.objects.filter(pk=delegation.pk, revoked_at=None, ends_at__gt=Now())
    if not held.update(revoked_at=Now(), revoked_by=by):
        raise PlanError("This delegation has ended already.")
    delegation.refresh_from_db()
    rows = [changed(delegation, "revoked_at", "revoked_by")]
    _record(kinds.DELEGATION_REVOKED, delegation, by, rows=rows)
    return delegation


def _record(kind: str, delegation: Delegation, by: User, **facts: Any) -> None:
    record_change(
        kind,
        by=by,
        subject=delegation.environment,
        environment=delegation.environment.name,
        giver=delegation.giver.get_username(),
        person=delegation.to.get_username(),
        reason=delegation.reason,
        **facts,
    )


def _check(environment: Environment, by: User, to: User, hours: float) -> None:
    if not (by.is_active and environment.decision_makers.filter(user=by).exists()):
        raise PlanError(
            "Only a decision maker of this environment can delegate their right. A delegate "
            "cannot pass it on."
        )
    if to.pk == by.pk or not to.is_active:
        raise PlanError("Delegate your right to somebody else who can sign in.")
    if not 0 < hours <= LONGEST.total_seconds() / 3600:
        raise PlanError(f"A delegation lasts at most {LONGEST.days} days, and ends after it began.")
    if in_force().filter(environment=environment, giver=by).exists():
        name = display_name(by)
        raise PlanError(f"{name} has delegated this right already. End that delegation first.")
