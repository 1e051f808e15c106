"""From rows to what the engine's rules on deciding ask for; reads only.

`authority_for` builds everything once, and whoever decides, shows or counts hands it down.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q

from rollback_console.common.people import display_name
from rollback_console.engine import authority
from rollback_console.engine.authority import Maker, Vote
from rollback_console.engine.states import RollbackState
from rollback_console.plans.approval import decision_makers
from rollback_console.plans.models import DecisionMaker, Revision

from .. import db_clock
from ..execution.view import snapshot_of
from ..models import Approval, BreakGlass, RightGrant, Rollback
from .grants import group_grant


@dataclass(frozen=True, slots=True)
class Cannot:
    """A decision maker who may not approve, and why."""

    maker: Maker
    why: str


@dataclass(frozen=True, slots=True)
class Authority:
    """Who may decide one request and what was said so far, as it was when this was built."""

    request: authority.Request
    state: str
    makers: tuple[Maker, ...]
    votes: tuple[Vote, ...]

    def refusal(self, by: User, *, seen: str) -> str:
        """Why `by`, looking at the snapshot `seen`, may not approve; "" when they may."""
        if self.state != RollbackState.REQUESTED:
            return f"This rollback is {self.state}; there is nothing to approve."
        if not by.is_active:
            return "Your account is no longer active."
        return authority.why_not_approve(
            self.request, self.makers, self.votes, person=by.pk, seen=seen
        )

    def able(self) -> list[Maker]:
        """The rights by which somebody could approve this very snapshot now."""
        return authority.usable_rights(self.request, self.makers, self.votes)

    def right_of(self, person: User) -> Maker | None:
        """The right by which this person would approve; None without one."""
        return authority.pick_right(self.request, self.makers, self.votes, person=person.pk)

    def cannot(self) -> list[Cannot]:
        """The decision makers who could not approve this now, each with the reason."""
        usable = set(self.able())
        return [Cannot(each, self._why(each)) for each in self.makers if each not in usable]

    def enough(self, *more: Vote) -> bool:
        """Whether the votes, and those of `more`, meet the policy."""
        return authority.is_quorum_met(self.request, [*self.votes, *more])

    @property
    def given(self) -> int:
        """How many people have approved in a way that counts."""
        return len({vote.person for vote in self.votes} - self.request.barred)

    def _why(self, maker: Maker) -> str:
        if maker.person in self.request.barred:
            return "is the requester, or wrote what is new in the plan"
        if maker.owner in self.request.barred:
            return f"stands in for {maker.lender_name}, who asked for this or wrote part of it"
        if self.request.is_too_new(maker):
            return "was given this right after the request"
        if any(each.person == maker.person for each in self.votes):
            return "has approved already"
        return "this right was used already"


def authority_for(rollback: Rollback) -> Authority:
    """Everything that the rules need to know of a request, on the database's clock."""
    return Authority(
        request=authority.Request(
            snapshot_sha256=rollback.snapshot_sha256,
            policy=snapshot_of(rollback.snapshot).policy,
            barred=barred(rollback),
            expired=rollback.expires_at <= db_clock.now(),
            asked_at=rollback.requested_at,
        ),
        state=rollback.state,
        makers=tuple(decision_makers.makers_of(rollback.environment)),
        votes=tuple(_vote(each) for each in valid_approvals(rollback)),
    )


def barred(rollback: Rollback) -> frozenset[int]:
    """People who may not approve: who asks, and who wrote what nobody had approved yet.

    A request from before that was recorded bars everybody who wrote a revision up to its own.
    """
    authors = rollback.authors
    if authors is None:
        revisions = Revision.objects.filter(
            plan=rollback.revision.plan_id, number__lte=rollback.revision.number
        )
        authors = [key for key in revisions.values_list("author_id", flat=True) if key]
    return frozenset({rollback.requested_by_id, *authors})


def valid_approvals(rollback: Rollback) -> Iterable[Approval]:
    """Every yes to this very snapshot; one that was void once never counts again."""
    given = rollback.approvals.filter(
        given=True, round=rollback.round, snapshot_sha256=rollback.snapshot_sha256
    )
    return given.select_related("by", "under").order_by("id")


def still_enough(rollback: Rollback) -> bool:
    """Whether those who approved may still approve: rights are taken away for a reason.

    A loan that ended by itself meanwhile does not take back what was said under it; one that
    was revoked does.
    """
    rows = DecisionMaker.objects.filter(environment=rollback.environment_id, user__is_active=True)
    roles = dict(rows.values_list("user_id", "role"))
    held = authority_for(rollback)
    still = [_vote(each, roles) for each in valid_approvals(rollback) if _still(each, roles)]
    return authority.is_quorum_met(held.request, still)


def may_break_glass(person: User) -> bool:
    """Whether a person was given that right by name; being superuser does not give it."""
    given = Q(user=person) | Q(group__user=person)
    permission = Permission.objects.filter(
        given, codename="break_glass", content_type__app_label="rollbacks"
    )
    return person.is_active and permission.exists()


def break_glass_is_newer(person: User, moment: datetime) -> bool:
    """Whether that right, or a group that has it, was given to a person only after `moment`."""
    later = RightGrant.objects.filter(user=person, granted_at__gt=moment)
    groups = Group.objects.filter(permissions__codename="break_glass").values_list(
        "name", flat=True
    )
    return later.filter(name__in=["break_glass", *map(group_grant, groups)]).exists()


def holds_only_since(person: User, permission: str, moment: datetime) -> bool:
    """Whether every way by which a person holds a permission was given to them after `moment`."""
    code = permission.rpartition(".")[2]
    groups = person.groups.filter(permissions__codename=code).values_list("name", flat=True)
    ways = {group_grant(name) for name in groups}
    ways |= {code} if person.user_permissions.filter(codename=code).exists() else set()
    later = RightGrant.objects.filter(user=person, granted_at__gt=moment)
    return bool(ways) and ways <= set(later.values_list("name", flat=True))


def why_not(rollback: Rollback, by: User, *, seen: str) -> str:
    """Why `by`, looking at the snapshot `seen`, may not approve; "" when they may."""
    return authority_for(rollback).refusal(by, seen=seen)


def let_break_glass(person: User, may: bool) -> None:
    """Give that right to a person by name, or take it away."""
    permission = Permission.objects.get(codename="break_glass", content_type__app_label="rollbacks")
    change = person.user_permissions.add if may else person.user_permissions.remove
    change(permission)


def glass_broken(rollback: Rollback) -> bool:
    """Whether this very snapshot was started by somebody who may still do without approvals."""
    used = BreakGlass.objects.filter(rollback=rollback).select_related("by").first()
    same = used is not None and used.snapshot_sha256 == rollback.snapshot_sha256
    return bool(used and same and may_break_glass(used.by))


def reach(person: User) -> dict[int, dict[int, datetime]]:
    """By environment, whose rights this person holds now, their own and lent ones, and since
    when their owners have them."""
    lent = decision_makers.in_force().filter(to=person).values_list("environment_id", "giver_id")
    mine = {
        (environment, person.pk)
        for environment in person.decides.values_list("environment_id", flat=True)
    }
    mine |= set(lent)
    held: dict[int, dict[int, datetime]] = {}
    for row in DecisionMaker.objects.filter(environment__in={each for each, _ in mine}):
        if (row.environment_id, row.user_id) in mine:
            held.setdefault(row.environment_id, {})[row.user_id] = row.granted_at
    return held


def people(makers: Iterable[Maker]) -> list[dict[str, Any]]:
    """As events name people: {"person": id, "name", "role"}, each person once."""
    by_person = {each.person: each for each in reversed(list(makers))}
    return [
        {"person": each.person, "name": each.name, "role": each.title}
        for each in sorted(by_person.values(), key=lambda maker: (maker.rung, maker.person))
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


def _vote(row: Approval, roles: dict[int, str] | None = None) -> authority.Vote:
    lender = row.under.giver_id if row.under else 0
    role = roles[lender or row.by_id] if roles is not None else row.role
    return authority.Vote(row.by_id, role, row.snapshot_sha256, lender)


def _still(row: Approval, roles: dict[int, str]) -> bool:
    if row.under is None:
        return row.by_id in roles
    return row.under.giver_id in roles and row.by.is_active and row.under.revoked_at is None
