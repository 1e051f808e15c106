"""The edits of a postmortem: every text as it was, and what each edit changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from ..actions.postmortems import WRITTEN
from ..models import Postmortem

NAMES = {
    "began_at": "When it began",
    "impact": "Impact",
    "contributing_factors": "Contributing factors",
    "what_went_wrong": "What went wrong",
    "how_to_prevent": "How to prevent",
    "additional_testing": "Additional testing",
}


@dataclass(frozen=True, slots=True)
class Version:
    """One state of the texts; number 1 is the empty draft, which nobody wrote."""

    number: int
    texts: dict[str, str]
    by: User | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One text before and after an edit."""

    name: str
    heading: str
    old: str
    new: str


def versions(postmortem: Postmortem) -> list[Version]:
    """Every version, newest first, down to the empty draft."""
    kept = [
        Version(each.number, each.texts, each.by, each.at)
        for each in postmortem.versions.select_related("by")
    ]
    return [*kept, Version(1, dict.fromkeys(WRITTEN, ""), None, postmortem.created_at)]


def changes(old: Version, new: Version) -> list[Change]:
    """What differs between two versions, in the order of the page."""
    return [
        Change(name, heading, before, after)
        for name, heading in NAMES.items()
        if (before := old.texts.get(name, "")) != (after := new.texts.get(name, ""))
    ]
