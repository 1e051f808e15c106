"""Which sections of a document are about rolling back.

Many plans are a chapter of a deployment guide. There, only the chapters that speak of going
back are read; running a deployment step would be the opposite of what was asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..markdown.outline import Section
from ..vocabulary.section_names import (
    SectionKind,
    part_of,
    speaks_of_going_back,
    speaks_of_going_forward,
)

# "Rollback (bad deploy)", "Deploy 42: the rollback": what stands first is what it is about.
_APART = re.compile(r"[:(\[–—,]|\s-\s|\b(?:with|including|con|avec|mit)\b")
_BOTH = re.compile(r"[&/+]|\b(?:and|or|y|e|et|ou|und|oder)\b|[与和及]")


def in_scope(title: Section, tops: Sequence[Section]) -> list[Section]:
    """The sections to read, outermost first."""
    mixed = speaks_of_going_forward(title.title) or any(map(_goes_forward, tops))
    if _only_goes_back(title.title):
        return list(tops)
    chapters = _chapters(tops)
    return chapters if chapters and mixed else list(tops)


def _only_goes_back(title: str) -> bool:
    """Its first part that says either speaks of going back; "deploy and rollback" does both."""
    parts = (part for part in _APART.split(title) if part)
    first = next((p for p in parts if speaks_of_going_back(p) or speaks_of_going_forward(p)), "")
    both = speaks_of_going_forward(first) and bool(_BOTH.search(first))
    return speaks_of_going_back(first) and not both


def _goes_forward(section: Section) -> bool:
    return part_of(section.title) is SectionKind.NEVER and speaks_of_going_forward(section.title)


def _chapters(tops: Sequence[Section]) -> list[Section]:
    sections: list[Section] = []
    waiting = list(reversed(tops))
    while waiting:
        section = waiting.pop()
        if speaks_of_going_back(section.title) and part_of(section.title) is not SectionKind.NEVER:
            sections.append(section)
        else:
            waiting += reversed(section.children)
    return sections
