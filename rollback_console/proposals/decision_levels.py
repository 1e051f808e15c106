"""Who is told of a proposal, and when: one level of decision makers after another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.contrib.auth.models import User

from rollback_console.plans.approval.decision_makers import makers_of

from .models import Proposal


@dataclass(frozen=True, slots=True)
class DecisionLevel:
    """One level: when it is told, and who is on it, those with a lent right too."""

    number: int
    told_at: datetime
    people: tuple[User, ...]


def levels_of(proposal: Proposal) -> list[DecisionLevel]:
    """The levels of its environment, the first told at once, each other one after the time that
    the one before it has to decide."""
    pause = timedelta(minutes=max(proposal.environment.escalate_after, 1))
    makers = sorted(makers_of(proposal.environment), key=lambda maker: maker.rung)
    users = User.objects.in_bulk([maker.person for maker in makers])
    by_rung = [list(each) for _, each in groupby(makers, key=lambda maker: maker.rung)]
    return [
        DecisionLevel(
            number,
            proposal.opened_at + (number - 1) * pause,
            tuple(dict.fromkeys(users[maker.person] for maker in level)),
        )
        for number, level in enumerate(by_rung, 1)
    ]


def next_level(proposal: Proposal, now: datetime) -> DecisionLevel | None:
    """Who is told next unless somebody decides before; None when everybody was told."""
    if proposal.state != "open":
        return None
    return next((level for level in levels_of(proposal) if level.told_at > now), None)
