"""Who holds a right to decide in an environment now: their own, or one lent for a time."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.db.models.functions import Now

from rollback_console.common.people import display_name
from rollback_console.engine.authority import Maker

from ..models import DecisionMaker, Delegation, Environment


def makers_of(environment: Environment) -> list[Maker]:
    """Every right that an active person could use now, by rung; lent ones after all others."""
    own = list(owners_of(environment))
    by_owner = {row.user_id: row for row in own}
    lent = [row for row in current_delegations(environment) if row.giver_id in by_owner]
    rights = [
        *(own_right(row) for row in own),
        *(_borrowed(row, by_owner[row.giver_id]) for row in lent),
    ]
    return sorted(rights, key=lambda each: each.rung)


def decides_in(environment: Environment, person: User) -> bool:
    """Whether a person holds a right to decide there now, their own or a lent one."""
    return any(maker.person == person.pk for maker in makers_of(environment))


def owners_of(environment: Environment) -> QuerySet[DecisionMaker]:
    """The environment's decision makers whose accounts are active, by rung."""
    rows = DecisionMaker.objects.filter(environment=environment, user__is_active=True)
    return rows.select_related("user").order_by("rung", "id")


def current_delegations(environment: Environment) -> QuerySet[Delegation]:
    """Delegations that are in force now, between active people."""
    rows = in_force().filter(environment=environment)
    return rows.select_related("giver", "to").order_by("id")


def in_force() -> QuerySet[Delegation]:
    """Delegations of every environment that are in force now."""
    return Delegation.objects.filter(
        starts_at__lte=Now(),
        ends_at__gt=Now(),
        revoked_at=None,
        to__is_active=True,
        giver__is_active=True,
    )


def own_right(row: DecisionMaker) -> Maker:
    """The right of a decision maker, in their own hands."""
    name = display_name(row.user)
    return Maker(row.user_id, name, row.role, row.rung, granted_at=row.granted_at)


def _borrowed(row: Delegation, owner: DecisionMaker) -> Maker:
    return Maker(
        person=row.to_id,
        name=display_name(row.to),
        role=owner.role,
        rung=owner.rung,
        lender=row.giver_id,
        lender_name=display_name(row.giver),
        granted_at=owner.granted_at,
    )
