"""Who may decide, and when enough have: pure rules over plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .snapshot import PolicySpec


@dataclass(frozen=True, slots=True)
class Maker:
    """A decision maker of one environment; `rung` 1 is asked first."""

    person: int
    name: str
    role: str
    rung: int = 1


@dataclass(frozen=True, slots=True)
class Vote:
    """One approval: who gave it, in which role, for which snapshot."""

    person: int
    role: str
    snapshot_sha256: str


@dataclass(frozen=True, slots=True)
class Request:
    """What the rules need to know of a request.

    `barred` are people who may not approve it: who asked, and who wrote the revision last.
    """

    snapshot_sha256: str
    policy: PolicySpec
    barred: frozenset[int]
    expired: bool = False


def refusal(
    request: Request, makers: Sequence[Maker], votes: Sequence[Vote], *, person: int, seen: str
) -> str:
    """Why `person`, who saw the snapshot with hash `seen`, may not approve; "" if they may."""
    if request.expired:
        return "This request has expired. Open a new one."
    if person in request.barred:
        return "You asked for this rollback or wrote its plan last: someone else must approve it."
    if not any(maker.person == person for maker in makers):
        return f"You are not a decision maker here. {_who(makers, request.barred)}"
    if seen != request.snapshot_sha256:
        return "What would run has changed since you saw it. Read it again, then decide."
    if any(vote.person == person and vote.snapshot_sha256 == seen for vote in votes):
        return "You have already approved this."
    return ""


def enough(request: Request, votes: Iterable[Vote]) -> bool:
    """Whether the votes for this very snapshot meet the policy."""
    valid = {
        vote.person: vote.role
        for vote in votes
        if vote.snapshot_sha256 == request.snapshot_sha256 and vote.person not in request.barred
    }
    return len(valid) >= request.policy.quorum and _has_role(request.policy, valid.values())


def unsatisfiable(policy: PolicySpec, makers: Sequence[Maker], barred: frozenset[int]) -> str:
    """Why nobody could ever satisfy the policy; "" when somebody could."""
    able = {maker.person: maker.role for maker in makers if maker.person not in barred}
    if len(able) < policy.quorum:
        return (
            f"This needs {policy.quorum} approval{'s' * (policy.quorum > 1)}, but "
            f"{len(able)} decision maker{'s' * (len(able) != 1)} could approve it."
        )
    if not any(_has_role(policy, [maker.role]) for maker in makers if maker.person in able):
        return f"One approval must come from a {policy.required_role}, and there is none who may."
    return ""


def asked(makers: Sequence[Maker], policy: PolicySpec, minutes_waiting: float) -> list[Maker]:
    """The makers whose rung has been reached after so many minutes unanswered."""
    rungs = sorted({maker.rung for maker in makers})
    reached = rungs[: 1 + int(minutes_waiting // max(policy.escalate_after, 1))]
    return [maker for maker in makers if maker.rung in reached]


def _has_role(policy: PolicySpec, roles: Iterable[str]) -> bool:
    wanted = policy.required_role.casefold()
    return not wanted or any(role.casefold() == wanted for role in roles)


def _who(makers: Sequence[Maker], barred: frozenset[int]) -> str:
    able = [f"{maker.name} ({maker.role})" for maker in makers if maker.person not in barred]
    return f"These people may: {', '.join(able)}." if able else "Nobody may: add a decision maker."
