"""Who decides: rights, rules and what was lent."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel

from rollback_console.audit.stale_edit import draw_version
from rollback_console.engine.authority import Maker
from rollback_console.plans.models import Delegation, Environment
from rollback_console.rollbacks.queries.approval_status import Standing

from .base import Person, Time, person


class DeciderOut(BaseModel):
    """One right to decide, in the hands of `name`; `for_whom` is whose right was lent, or "".

    `why_not` is "" for who may approve. `asked`: their rung has been reached.
    """

    name: str
    role: str
    rung: int
    for_whom: str
    asked: bool
    why_not: str


class DecidersOut(BaseModel):
    """Who could approve now; `missing` says why nobody's approval would be enough."""

    quorum: int
    required_role: str
    given: int
    missing: str
    next_rung_at: Time | None
    deciders: list[DeciderOut]


class PolicyOut(BaseModel):
    """The rules of approval of an environment; minutes for every duration.

    `version` sent along with the next rules refuses them when somebody changed these meanwhile.
    """

    environment: str
    approvals_code: int
    approvals_data: int
    data_role: str
    request_expires: int
    start_expires: int
    escalate_after: int
    remind_before: int
    second_person: str
    ladder: list[DeciderOut]
    version: str


class DelegationOut(BaseModel):
    """A right that was lent; it has ended once `ends_at` is past or `revoked_at` is set."""

    id: int
    environment: str
    giver: Person
    to: Person
    reason: str
    starts_at: Time
    ends_at: Time
    revoked_at: Time | None
    revoked_by: Person | None


def decider(maker: Maker, *, is_asked: bool, why_not: str = "") -> DeciderOut:
    """A right."""
    return DeciderOut(
        name=maker.name,
        role=maker.role,
        rung=maker.rung,
        for_whom=maker.lender_name,
        asked=is_asked,
        why_not=why_not,
    )


def standing_out(now: Standing, missing: str) -> DecidersOut:
    """Where an open request stands."""
    able = [decider(each, is_asked=each in now.asked_now) for each in now.able]
    others = [decider(each.maker, is_asked=False, why_not=each.why) for each in now.cannot]
    return DecidersOut(
        quorum=now.policy.quorum,
        required_role=now.policy.required_role,
        given=now.given,
        missing=missing,
        next_rung_at=now.next_rung_at,
        deciders=[*able, *others],
    )


def policy_out(environment: Environment, makers: Iterable[Maker]) -> PolicyOut:
    """The rules and the ladder."""
    same = (
        "approvals_code approvals_data data_role request_expires start_expires escalate_after "
        "remind_before second_person"
    )
    return PolicyOut(
        environment=environment.slug,
        ladder=[decider(each, is_asked=False) for each in makers],
        version=draw_version(environment),
        **{name: getattr(environment, name) for name in same.split()},
    )


def delegation_out(lent: Delegation) -> DelegationOut:
    """What was lent."""
    return DelegationOut(
        id=lent.pk,
        environment=lent.environment.slug,
        giver=person(lent.giver),
        to=person(lent.to),
        reason=lent.reason,
        starts_at=lent.starts_at,
        ends_at=lent.ends_at,
        revoked_at=lent.revoked_at,
        revoked_by=person(lent.revoked_by) if lent.revoked_by else None,
    )
