"""Triggers: bound by a person to what a program can look at.

Each act is one row and one configuration event in one transaction. All raise
`rollbacks.errors.Refused` with a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from rollback_console import notify
from rollback_console.audit import kinds
from rollback_console.audit.fields import snapshot_fields
from rollback_console.audit.record import record_change
from rollback_console.audit.stale_edit import refuse_stale_edit
from rollback_console.common.permission import may_do
from rollback_console.documents.triggers import LONGEST, key_of
from rollback_console.plans.models import Environment, Service
from rollback_console.rollbacks.errors import Refused

from ..models import KINDS, SEVERITIES, Trigger
from ..probes import checked_fields

CHANGE_PLAN = "plans.change_plan"

FIELDS = ("text", "severity", "automatic", "kind", "probe", "every", "failures")
"""What a person decides of a trigger."""

RECORDED = ("service", "environment", "key", *FIELDS, "bound_by", "bound_at")

_SECONDS = 10.0
"""What one look may take; a message may take longer."""


def rules() -> notify.Rules:
    """Where a probe may connect to: as messages may, by the same settings."""
    return notify.Rules(
        allowed=tuple(settings.MESSAGES_ALLOW),
        seconds=min(float(settings.MESSAGES_SECONDS), _SECONDS),
        ca_file=settings.MESSAGES_CA_FILE,
    )


@transaction.atomic
def bind_trigger(
    *, by: User, service: Service, environment: Environment, fields: Mapping[str, Any]
) -> Trigger:
    """A new trigger, watched from the next look of the sweeper on. `fields` are FIELDS."""
    made = Trigger(service=service, environment=environment, bound_by=by)
    _permit(by, made)
    _fill(made, fields)
    rows = Trigger.objects.filter(service=service, environment=environment)
    if rows.filter(key=made.key).exists():
        raise Refused("These words are bound already. Change that trigger instead.")
    made.bound_at = Now()
    made.save(force_insert=True)
    made.refresh_from_db()
    after = snapshot_fields(made, *RECORDED)
    record_change(kinds.TRIGGER_BOUND, by=by, subject=made, after=after)
    return made


@transaction.atomic
def change_trigger(
    trigger: Trigger, *, by: User, fields: Mapping[str, Any], drawn_from: str | None = None
) -> Trigger:
    """Bound anew, by whoever changes it. Raises StaleEdit for an outdated `drawn_from`."""
    row = Trigger.objects.select_for_update().get(pk=trigger.pk)
    _permit(by, row)
    refuse_stale_edit(row, drawn_from, *FIELDS)
    before = snapshot_fields(row, *RECORDED)
    _fill(row, fields)
    rows = Trigger.objects.filter(service=row.service_id, environment=row.environment_id)
    if rows.filter(key=row.key).exclude(pk=row.pk).exists():
        raise Refused("Another trigger has these words already.")
    row.bound_by, row.bound_at = by, Now()
    row.save()
    row.refresh_from_db()
    after = snapshot_fields(row, *RECORDED)
    record_change(kinds.TRIGGER_CHANGED, by=by, subject=row, before=before, after=after)
    # Neither a mean nor failures of another probe are of this one, nor is a look under way.
    row.watches.update(claim=None, baseline=None, failures=0, passes=0)
    return row


@transaction.atomic
def remove_trigger(trigger: Trigger, *, by: User) -> None:
    """It is watched no more; proposals that it opened stay."""
    _permit(by, trigger)
    before = snapshot_fields(trigger, *RECORDED)
    record_change(kinds.TRIGGER_REMOVED, by=by, subject=trigger, before=before)
    trigger.delete()


def _fill(row: Trigger, fields: Mapping[str, Any]) -> None:
    text = " ".join(str(fields["text"]).split())
    if not text or len(text) > LONGEST:
        raise Refused(f"Say in at most {LONGEST} characters when to roll back.")
    if not text.isprintable():
        raise Refused("Leave out characters that nobody sees: they may turn a line around.")
    if fields["severity"] not in dict(SEVERITIES) or fields["kind"] not in dict(KINDS):
        raise Refused("Choose a severity, and what the trigger looks at.")
    if not (10 <= fields["every"] <= 3600 and 1 <= fields["failures"] <= 20):
        raise Refused("Look every 10 to 3600 seconds, and let it fire after 1 to 20 failures.")
    row.text, row.key = text, key_of(text) or text.casefold()
    row.severity, row.automatic = fields["severity"], bool(fields["automatic"])
    row.every, row.failures = fields["every"], fields["failures"]
    row.kind = fields["kind"]
    row.probe = checked_fields(row.kind, fields["probe"], rules())


def _permit(by: User, over: Trigger) -> None:
    if not may_do(by, CHANGE_PLAN, over):
        raise Refused(
            f"You may not change when {over.service} in {over.environment} is rolled back. "
            "Ask an operator."
        )
