"""Who lends and borrows the right to decide; plans.actions.delegations writes it."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from ..models import Delegation
from .decision_makers import in_force


def delegations_of(person: User) -> QuerySet[Delegation]:
    """What a person lends and borrows now, and what they did before, newest first."""
    rows = Delegation.objects.filter(Q(giver=person) | Q(to=person))
    return rows.select_related("environment", "giver", "to", "revoked_by").order_by("-id")


def standing_ids() -> set[int]:
    """The delegations in force now."""
    return set(in_force().values_list("pk", flat=True))
