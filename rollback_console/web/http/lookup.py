"""The thing an address names, or 404 as a sentence."""

from __future__ import annotations

from django.http import Http404
from django.shortcuts import get_object_or_404

from rollback_console.plans.confirmation import newest_confirmed
from rollback_console.plans.models import Plan, Revision
from rollback_console.rollbacks.models import Rollback
from rollback_console.rollbacks.queries import lists


def rollback_of(number: int) -> Rollback:
    """The rollback of that number. Raises Http404."""
    rollback = lists.one(number)
    if rollback is None:
        raise Http404(f"There is no rollback {number}.")
    return rollback


def revision_of(slug: str, number: int | None = None) -> Revision:
    """A plan's revision of that number, or its latest. Raises Http404."""
    plan = get_object_or_404(Plan, slug=slug)
    rows = plan.revisions.select_related("author", "confirmed_by")
    rows = rows.select_related("plan__service", "plan__environment")
    revision = rows.order_by("-number").filter(**({"number": number} if number else {})).first()
    if revision is None:
        raise Http404(f"{plan} has no revision {number}.")
    return revision


def requestable_revision(slug: str) -> Revision:
    """What a request of the plan would use: its newest confirmed revision, else the newest, which
    nobody can request yet. Raises Http404."""
    return newest_confirmed(get_object_or_404(Plan, slug=slug)) or revision_of(slug)
