"""What may be wrong with a plan, its bindings or its hosts.

PlanError
|- UnreadablePlan    the document cannot be read at all
|- NotReady          something is missing before anyone could run this
`- HostRefused       a host is not the one that was approved, or cannot be used
"""

from __future__ import annotations


class PlanError(Exception):
    """Base of everything this room raises; `str()` is a sentence for a person."""


class UnreadablePlan(PlanError):
    """Too big, binary, or not text in a known encoding."""


class NotReady(PlanError):
    """`problems` lists, as sentences, everything that is missing."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class HostRefused(PlanError):
    """The host's record no longer matches what was approved."""
