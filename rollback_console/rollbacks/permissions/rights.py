"""From rows to what the engine's rules on deciding ask for; reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Permission, User
from django.db.models import Q

from rollback_console.common.people import display_name
from rollback_console.engine import authority
from rollback_console.engine.authority import Maker
from rollback_console.engine.states import RollbackState
from rollback_console.plans.approval import decision_makers
from rollback_console.plans.models import DecisionMaker, Revision

from .. import db_clock
from ..execution.view import snapshot_of
from ..models import Approval, BreakGlass, Rollback


@dataclass(frozen=True, slots=True)
class Cannot:
    """A decision maker who may not approve, and why."""

    maker: Maker
    why: str


def why_not(rollback: Rollback, by: User, *, seen: str) -> str:
    """Why `by`, looking at the snapshot `seen`, may not approve; "" when they may."""
    if rollback.state != RollbackState.REQUESTED:
        return f"This rollback is {rollback.state}; there is nothing to approve."
    if not by.is_active:
        return "Your account is no longer active."
    return authority.refusal(
        authority_of(rollback),
        decision_makers.makers_of(rollback.environment),
        votes_of(rollback),
        person=by.pk,
        seen=seen,
    )


def authority_of(rollback: Rollback) -> authority.Request:
    """What the rules need to know of a request, on the database's clock."""
    return authority.Request(
        snapshot_sha256=rollback.snapshot_sha256,
        policy=snapshot_of(rollback.snapshot).policy,
        barred=barred(rollback.revision, rollback.requested_by),
        expired=rollback.expires_at <= db_clock.now(),
    )


def barred(revision: Revision, requester: User) -> frozenset[int]:
    """People who may not approve: who asks, and who wrote the revision."""
    author = [revision.author_id] if revision.author_id else []
    return frozenset({requester.pk, *author})


def votes_of(rollback: Rollback) -> list[authority.Vote]:
    """Every yes that was given, for whichever snapshot."""
    return [_vote(each) for each in _given(rollback)]


def able(rollback: Rollback) -> list[Maker]:
    """The rights by which somebody could approve this very snapshot now."""
    return authority.able(
        authority_of(rollback), decision_makers.makers_of(rollback.environment), votes_of(rollback)
    )


def right_of(rollback: Rollback, person: User) -> Maker | None:
    """The right by which this person would approve this very snapshot; None without one."""
    makers = decision_makers.makers_of(rollback.environment)
    return authority.right(authority_of(rollback), makers, votes_of(rollback), person=person.pk)


def cannot(rollback: Rollback) -> list[Cannot]:
    """The decision makers who could not approve this now, each with the reason."""
    request, votes = authority_of(rollback), votes_of(rollback)
    makers = decision_makers.makers_of(rollback.environment)
    usable = set(authority.able(request, makers, votes))
    return [Cannot(maker, _about(maker, request, votes)) for maker in makers if maker not in usable]


def still_enough(rollback: Rollback) -> bool:
    """Whether those who approved may still approve: rights are taken away for a reason.

    A loan that ended by itself meanwhile does not take back what was said under it; one that
    was revoked does.
    """
    rows = DecisionMaker.objects.filter(environment=rollback.environment_id, user__is_active=True)
    roles = dict(rows.values_list("user_id", "role"))
    votes = [_vote(each, roles) for each in _given(rollback) if _still(each, roles)]
    return authority.enough(authority_of(rollback), votes)


def may_break_glass(person: User) -> bool:
    """Whether a person was given that right by name; being superuser does not give it."""
    given = Q(user=person) | Q(group__user=person)
    found = Permission.objects.filter(
        given, codename="break_glass", content_type__app_label="rollbacks"
    )
    return person.is_active and found.exists()


def let_break_glass(person: User, may: bool) -> None:
    """Give that right to a person by name, or take it away."""
    found = Permission.objects.get(codename="break_glass", content_type__app_label="rollbacks")
    change = person.user_permissions.add if may else person.user_permissions.remove
    change(found)


def glass_broken(rollback: Rollback) -> bool:
    """Whether this very snapshot was started by somebody who may still do without approvals."""
    used = BreakGlass.objects.filter(rollback=rollback).select_related("by").first()
    same = used is not None and used.snapshot_sha256 == rollback.snapshot_sha256
    return bool(used and same and may_break_glass(used.by))


def reach(person: User) -> dict[int, set[int]]:
    """By environment, whose rights this person holds now: their own, and lent ones."""
    found: dict[int, set[int]] = {}
    for environment in person.decides.values_list("environment_id", flat=True):
        found.setdefault(environment, set()).add(person.pk)
    lent = decision_makers.in_force().filter(to=person).values_list("environment_id", "giver_id")
    owners = set(DecisionMaker.objects.values_list("environment_id", "user_id"))
    for environment, giver in lent:
        if (environment, giver) in owners:
            found.setdefault(environment, set()).add(giver)
    return found


def people(makers: Iterable[Maker]) -> list[dict[str, Any]]:
    """As events name people: {"person": id, "name", "role"}, each person once."""
    told = {each.person: each for each in reversed(list(makers))}
    return [
        {"person": each.person, "name": each.name, "role": each.title}
        for each in sorted(told.values(), key=lambda maker: (maker.rung, maker.person))
    ]


def named(person: User) -> dict[str, Any]:
    """As events name one person of no particular role."""
    return {"person": person.pk, "name": display_name(person), "role": ""}


def owners(rollback: Rollback) -> list[dict[str, Any]]:
    """Everybody who answers for the environment: who decides there, and the admins."""
    makers = decision_makers.makers_of(rollback.environment)
    admins = User.objects.with_perm(
        "plans.change_environment", backend="django.contrib.auth.backends.ModelBackend"
    )
    known = {each.person for each in makers}
    others = [
        Maker(each.pk, display_name(each), "Admin", 100) for each in admins.filter(~Q(pk__in=known))
    ]
    return people([*makers, *others])


def _given(rollback: Rollback) -> Iterable[Approval]:
    return rollback.approvals.filter(given=True).select_related("by", "under").order_by("id")


def _vote(row: Approval, roles: dict[int, str] | None = None) -> authority.Vote:
    lender = row.under.giver_id if row.under else 0
    role = roles[lender or row.by_id] if roles is not None else row.role
    return authority.Vote(row.by_id, role, row.snapshot_sha256, lender)


def _still(row: Approval, roles: dict[int, str]) -> bool:
    if row.under is None:
        return row.by_id in roles
    return row.under.giver_id in roles and row.by.is_active and row.under.revoked_at is None


def _about(maker: Maker, request: authority.Request, votes: Sequence[authority.Vote]) -> str:
    valid = [each for each in votes if each.snapshot_sha256 == request.snapshot_sha256]
    if maker.person in request.barred:
        return "asked for this, or wrote its plan last"
    if maker.owner in request.barred:
        return f"stands in for {maker.lender_name}, who asked for this or wrote its plan last"
    if any(each.person == maker.person for each in valid):
        return "has approved already"
    return "this right was used already"
