"""Which sections of a document are about rolling back.

Many plans are a chapter of a deployment guide. There, only the chapters that speak of going
back are read; running a deployment step would be the opposite of what was asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from rollback_console.documents.outline import Section
from rollback_console.documents.sections import (
    Part,
    part_of,
    speaks_of_going_back,
    speaks_of_going_forward,
)


def in_scope(title: Section, tops: Sequence[Section]) -> list[Section]:
    """The sections to read, outermost first."""
    about = speaks_of_going_back(title.title)
    mixed = speaks_of_going_forward(title.title) or any(map(_goes_forward, tops))
    if about and not speaks_of_going_forward(title.title):
        return list(tops)
    chapters = _chapters(tops)
    return chapters if chapters and mixed else list(tops)


def _goes_forward(section: Section) -> bool:
    return part_of(section.title) is Part.NEVER and speaks_of_going_forward(section.title)


def _chapters(tops: Sequence[Section]) -> list[Section]:
    found: list[Section] = []
    waiting = list(reversed(tops))
    while waiting:
        section = waiting.pop()
        if speaks_of_going_back(section.title) and part_of(section.title) is not Part.NEVER:
            found.append(section)
        else:
            waiting += reversed(section.children)
    return found
