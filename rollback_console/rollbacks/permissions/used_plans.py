"""Plans from before revisions were confirmed: what was approved then counts as confirmed."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.exceptions import FieldDoesNotExist
from django.db import transaction

from rollback_console.plans.actions.revisions import take_as_confirmed
from rollback_console.plans.models import Revision

from ..models import Rollback


def after_migrate(sender: AppConfig, apps: Any = None, **_: Any) -> None:
    """After a migrate that went far enough: take_used_plans."""
    if sender.name == "rollback_console.rollbacks" and _knows_confirmation(apps):
        take_used_plans()


def take_used_plans() -> None:
    """Every revision whose text a rollback ran, or may run, by an approval is confirmed.

    Each is on record. Later there is none: nothing is approved that nobody confirmed.
    """
    approved = Rollback.objects.filter(approved_at__isnull=False, imported=None)
    for row in approved.filter(revision__confirmed_at=None).select_related("revision"):
        _take(row)


def _knows_confirmation(apps: Any) -> bool:
    """Whether the database is migrated far enough; a migrate may stop earlier."""
    try:
        apps.get_model("plans", "Revision")._meta.get_field("confirmed_at")
    except (AttributeError, LookupError, FieldDoesNotExist):
        return False
    return True


@transaction.atomic
def _take(row: Rollback) -> None:
    """The revision and every other one of the plan with the same text."""
    same = Revision.objects.filter(
        plan=row.revision.plan_id, sha256=row.revision.sha256, confirmed_at=None
    )
    for revision in same.select_related("plan").order_by("number"):
        take_as_confirmed(revision, rollback=row.pk)
