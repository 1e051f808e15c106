"""Who may decide, and when enough have: pure rules over plain values.

A right belongs to its owner, a decision maker; the owner may lend it to somebody else for a
time. Each person has one vote and each right is used once, whoever uses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from .snapshot import PolicySpec


@dataclass(frozen=True, slots=True)
class Maker:
    """A right to decide in one environment, in the hands of `person`; `rung` 1 is asked first.

    `lender` is whose right it is when it was lent, 0 for one's own. `granted_at` is when its
    owner was given it, None for always.
    """

    person: int
    name: str
    role: str
    rung: int = 1
    lender: int = 0
    lender_name: str = ""
    granted_at: datetime | None = None

    @property
    def owner(self) -> int:
        """Whose right it is."""
        return self.lender or self.person

    @property
    def title(self) -> str:
        """Such as `Deploy Lead`, or `Deploy Lead for Lee`."""
        return f"{self.role} for {self.lender_name}" if self.lender else self.role


@dataclass(frozen=True, slots=True)
class Vote:
    """One approval: who gave it, in which role, for which snapshot, by whose lent right."""

    person: int
    role: str
    snapshot_sha256: str
    lender: int = 0

    @property
    def owner(self) -> int:
        """Whose right was used."""
        return self.lender or self.person


@dataclass(frozen=True, slots=True)
class Request:
    """What the rules need to know of a request.

    `barred` are people who may not approve it: who asked, and who wrote what nobody has approved
    yet. Nobody approves it by their right either, nor by one that was given after `asked_at`.
    """

    snapshot_sha256: str
    policy: PolicySpec
    barred: frozenset[int]
    expired: bool = False
    asked_at: datetime | None = None

    def is_too_new(self, maker: Maker) -> bool:
        """Whether a right was given only after this was asked for."""
        return bool(self.asked_at and maker.granted_at and maker.granted_at > self.asked_at)


def why_not_approve(
    request: Request, makers: Sequence[Maker], votes: Sequence[Vote], *, person: int, seen: str
) -> str:
    """Why `person`, who saw the snapshot with hash `seen`, may not approve; "" if they may."""
    if request.expired:
        return "This request has expired. Open a new one."
    if person in request.barred:
        return (
            "You asked for this rollback, or wrote what nobody has approved yet in its plan: "
            "someone else must approve it."
        )
    mine = [maker for maker in makers if maker.person == person]
    if not mine:
        return f"You are not a decision maker here. {_who(request, makers, votes)}"
    if seen != request.snapshot_sha256:
        return "What would run has changed since you saw it. Read it again, then decide."
    if any(vote.person == person for vote in _counted(request, votes)):
        return "You have already approved this."
    return "" if pick_right(request, makers, votes, person=person) else _spent(request, mine)


def pick_right(
    request: Request, makers: Sequence[Maker], votes: Sequence[Vote], *, person: int
) -> Maker | None:
    """The right by which `person` would approve: the named role first, then their own."""
    mine = [maker for maker in usable_rights(request, makers, votes) if maker.person == person]
    missing = not _has_role(request.policy, (vote.role for vote in _counted(request, votes)))

    def rank(maker: Maker) -> tuple[bool, bool, int]:
        fills = missing and _has_role(request.policy, [maker.role])
        return not fills, bool(maker.lender), maker.rung

    return min(mine, key=rank, default=None)


def usable_rights(request: Request, makers: Sequence[Maker], votes: Sequence[Vote]) -> list[Maker]:
    """The rights that may still be used for this very snapshot."""
    counted = _counted(request, votes)
    people, owners = {vote.person for vote in counted}, {vote.owner for vote in counted}
    return [
        maker
        for maker in _allowed(makers, request.barred)
        if not request.is_too_new(maker)
        and maker.person not in people
        and maker.owner not in owners
    ]


def is_quorum_met(request: Request, votes: Iterable[Vote]) -> bool:
    """Whether the votes for this very snapshot meet the policy."""
    counted = _counted(request, votes)
    roles = [vote.role for vote in counted]
    return len(counted) >= max(request.policy.quorum, 1) and _has_role(request.policy, roles)


def why_unsatisfiable(policy: PolicySpec, makers: Sequence[Maker], barred: frozenset[int]) -> str:
    """Why nobody could ever satisfy the policy; "" when somebody could."""
    allowed = _allowed(makers, barred)
    most, needed = _most(allowed), max(policy.quorum, 1)
    if most < needed:
        return (
            f"This needs {needed} approval{'s' * (needed > 1)}, but "
            f"{most} decision maker{'s' * (most != 1)} could approve it."
        )
    if not _has_role(policy, [maker.role for maker in allowed]):
        return f"One approval must come from a {policy.required_role}, and there is none who may."
    if (together := _most_with_role(policy, allowed)) < needed:
        return (
            f"This needs {needed} approvals, one of them from a {policy.required_role}: with that "
            f"one only {together} could be given, because each person and each right counts once."
        )
    return ""


def why_never_satisfiable(
    policy: PolicySpec, makers: Sequence[Maker], askers: Iterable[int]
) -> str:
    """Why the policy could be met for no request that any of `askers` opens; "" otherwise.

    Nobody approves their own request, so a lone decision maker who alone may ask decides
    nothing. Without askers it is somebody else who will ask.
    """
    why = [why_unsatisfiable(policy, makers, frozenset({asker})) for asker in askers]
    return "" if "" in why else next(iter(why), why_unsatisfiable(policy, makers, frozenset()))


def first_rung(policy: PolicySpec, makers: Sequence[Maker], barred: frozenset[int]) -> int:
    """The lowest rung that, with those below it, can decide: all of these are asked at once."""
    rungs = sorted({maker.rung for maker in _allowed(makers, barred)})
    for rung in rungs:
        if not why_unsatisfiable(policy, makers_up_to(makers, rung), barred):
            return rung
    return rungs[-1] if rungs else 1


def next_rung(makers: Sequence[Maker], rung: int) -> int | None:
    """The rung that is asked after `rung`; None when nobody is left."""
    return min((maker.rung for maker in makers if maker.rung > rung), default=None)


def makers_up_to(makers: Sequence[Maker], rung: int) -> list[Maker]:
    """The makers who are asked once the ladder was climbed to `rung`."""
    return [maker for maker in makers if maker.rung <= rung]


def next_reminder(remind_before: float, minutes_left: float) -> float | None:
    """How many minutes before the end people are reminded next; None when not again.

    Once at `remind_before`, and once more when a third of that is left.
    """
    times = [remind_before, remind_before / 3]
    return max((each for each in times if 0 < each < minutes_left), default=None)


def _allowed(makers: Iterable[Maker], barred: frozenset[int]) -> list[Maker]:
    return [each for each in makers if each.person not in barred and each.owner not in barred]


def _counted(request: Request, votes: Iterable[Vote]) -> list[Vote]:
    """Votes that count: for this snapshot, by nobody barred, each person and right once."""
    counted: list[Vote] = []
    for vote in votes:
        barred = {vote.person, vote.owner} & request.barred
        used = any(vote.person == each.person or vote.owner == each.owner for each in counted)
        if vote.snapshot_sha256 == request.snapshot_sha256 and not barred and not used:
            counted.append(vote)
    return counted


def _most(makers: Sequence[Maker]) -> int:
    """How many could vote at most when each person and each right counts once."""
    holds: dict[int, list[int]] = {}
    for maker in makers:
        holds.setdefault(maker.person, []).append(maker.owner)
    taken: dict[int, int] = {}

    def find(person: int, tried: set[int]) -> bool:
        for owner in holds[person]:
            if owner in tried:
                continue
            tried.add(owner)
            if owner not in taken or find(taken[owner], tried):
                taken[owner] = person
                return True
        return False

    return sum(find(person, set()) for person in holds)


def _most_with_role(policy: PolicySpec, makers: Sequence[Maker]) -> int:
    """The same where one of the votes has to be of the required role."""
    if not policy.required_role:
        return _most(makers)
    return max(
        1 + _most([m for m in makers if m.person != one.person and m.owner != one.owner])
        for one in makers
        if _has_role(policy, [one.role])
    )


def _has_role(policy: PolicySpec, roles: Iterable[str]) -> bool:
    required_role = policy.required_role.casefold()
    return not required_role or any(role.casefold() == required_role for role in roles)


def _spent(request: Request, mine: Sequence[Maker]) -> str:
    if all(request.is_too_new(maker) for maker in mine):
        return (
            "You were given this right after this was asked for: it counts for requests that "
            "are made from now on."
        )
    lenders = [maker for maker in mine if maker.owner in request.barred]
    if len(lenders) == len(mine):
        name = lenders[0].lender_name
        return (
            f"You stand in for {name}, who asked for this rollback or wrote what nobody has "
            "approved yet in its plan: someone else must approve it."
        )
    return "The right you hold was used for this already, by who lent it or who borrowed it."


def _who(request: Request, makers: Sequence[Maker], votes: Sequence[Vote]) -> str:
    names = [f"{maker.name} ({maker.title})" for maker in usable_rights(request, makers, votes)]
    return f"Can approve: {', '.join(names)}." if names else "Nobody can approve now."
