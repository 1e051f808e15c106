"""What may be wrong with a plan, its bindings or its hosts.

PlanError
|- UnreadablePlan    the document cannot be read at all
|- NotReady          something is missing before anyone could run this
|  '- NotConfirmed   nobody has confirmed yet what the steps of this revision are
|- HostRefused       a host is not the one that was approved, or cannot be used
`- KeyWasRemoved     a key that a person removed is not confirmed again without a reason
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .models import Plan


class PlanError(Exception):
    """Base of everything this room raises; `str()` is a sentence for a person."""


class UnreadablePlan(PlanError):
    """Too big, binary, or not text in a known encoding."""


class NotReady(PlanError):
    """`problems` lists, as sentences, everything that is missing."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class NotConfirmed(NotReady):
    """`plan` is the plan whose revision a person has to confirm first."""

    def __init__(self, plan: Plan, number: int) -> None:
        super().__init__(
            [
                f"Nobody has confirmed revision {number} of “{plan}” yet. A person with the right "
                "to change plans arranges and confirms it on the plan's page; until then nothing "
                "of it runs."
            ]
        )
        self.plan = plan


class KeyWasRemoved(PlanError):
    """Somebody removed this very key as not the host's; confirming it again takes a reason."""


class HostRefused(PlanError):
    """The host's record no longer matches what was approved."""
