"""Environments, with the rules of approval that hold there.

A change is refused when nobody could meet the rules afterwards.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from rollback_console.audit import kinds
from rollback_console.audit.fields import changes_between, snapshot_fields
from rollback_console.audit.record import record_change
from rollback_console.audit.stale_edit import refuse_stale_edit

from ..approval import policy
from ..errors import PlanError
from ..models import Environment
from ..permission import ADMINISTER, permit
from ..unique_names import unique_name
from .second_admin import require_second_for_easing, require_second_for_rule, rules_of

NOT_POLICY = {"name", "slug", "zone", "rehearses"}
"""What of an environment says nothing of how a rollback is approved there."""


@transaction.atomic
def add_environment(*, by: User | None, **fields: Any) -> Environment:
    """A new environment; `fields` are those of the model. Raises PlanError."""
    permit(by, ADMINISTER, "add environments")
    environment = Environment(**fields)
    policy.check_rules(environment)
    with unique_name("an environment", environment.slug):
        environment.save()
    after = snapshot_fields(environment)
    record_change(kinds.ENVIRONMENT_ADDED, by=by, subject=environment, after=after)
    return environment


@transaction.atomic
def change_environment(
    environment: Environment,
    *,
    by: User | None,
    drawn_from: str | None = None,
    confirmed_by: User | None = None,
    **fields: Any,
) -> Environment:
    """Other rules; they hold for requests from now on.

    Raises PlanError when nobody could meet them, NeedsSecondAdmin when they ease approvals where
    two Admins are asked for, and StaleEdit when the environment is no longer what `drawn_from`
    says.
    """
    permit(by, ADMINISTER, "change environments")
    row = Environment.objects.select_for_update().get(pk=environment.pk)
    refuse_stale_edit(row, drawn_from)
    before, rules = snapshot_fields(row), rules_of(row)
    require_second_for_rule(row, by=by, second_admin=fields.get("second_admin", row.second_admin))
    save_environment(row, fields)
    if row.decision_makers.exists():
        policy.require(row)
    require_second_for_easing(row, rules, by=by, confirmed_by=confirmed_by)
    record_environment(row, by=by, before=before)
    return row


def save_environment(row: Environment, fields: dict[str, Any]) -> None:
    """Write other fields into a locked row. Raises PlanError."""
    if fields.get("slug", row.slug) != row.slug:
        raise PlanError(
            f"The URL slug {row.slug} stays: limits of groups and tokens, plans and programs go by "
            "it. The name may change."
        )
    for name, value in fields.items():
        setattr(row, name, value)
    policy.check_rules(row)
    with unique_name("an environment", row.slug):
        row.save()


def record_environment(row: Environment, *, by: User | None, before: dict[str, Any]) -> None:
    """Put on record what differs, as a change of policy where the rules changed."""
    after = snapshot_fields(row)
    changed = changes_between(before, after).keys()
    kind = kinds.POLICY_CHANGED if changed - NOT_POLICY else kinds.ENVIRONMENT_CHANGED
    record_change(kind, by=by, subject=row, before=before, after=after)
