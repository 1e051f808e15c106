"""What the sub-headings of a section are to each other: steps of one way, or several ways."""

from __future__ import annotations

import re

from ..markdown.folded_text import fold
from ..markdown.outline import Section
from ..vocabulary.remarks import is_fallback, is_preferred, platform
from ..vocabulary.section_names import (
    SectionKind,
    holds_several_ways,
    is_only_forward,
    part_of,
    speaks_of_going_back,
)
from ..vocabulary.step_headings import (
    is_counted_heading,
    is_phase_heading,
    is_step_heading,
    is_way_heading,
)
from .step_sources import steps_of_blocks


def other_part(child: Section) -> SectionKind | None:
    """The part of a plan this sub-section is, when it is none of the steps."""
    part = part_of(child.title)
    if part in {SectionKind.STEPS, SectionKind.UNKNOWN}:
        return None
    if part is SectionKind.NEVER and is_only_forward(child.title):
        # "If the deployment fails" and "redeploy the old version" are said while going back.
        return None
    if part is SectionKind.NEVER or (part is SectionKind.ABOUT and not child.has_fence()):
        return part
    runs = child.has_fence() or is_counted_heading(child.title)
    if runs and part not in {
        SectionKind.TRIGGERS,
        SectionKind.NO_GO,
        SectionKind.MESSAGE,
        SectionKind.CONTACTS,
        SectionKind.TIME,
    }:
        return None
    return part


def children_are_ways(section: Section) -> bool:
    """Whether unmarked (or merely counted) sub-headings are ways rather than steps."""
    ones = [c for c in section.children if not _is_marked(c) and other_part(c) is None]
    if len(ones) < 2 or any(is_step_heading(c.title) for c in section.children):
        return False
    back = [child for child in ones if speaks_of_going_back(child.title)]
    if sum(bool(platform(child.title)) for child in ones) > 1:
        return True
    ranked = any(is_preferred(c.title) or is_fallback(c.title) for c in back)
    counted = any(is_counted_heading(child.title) for child in ones)
    if counted:
        return len(back) > 1 and (ranked or all(map(_holds_steps, ones)))
    return holds_several_ways(section.title) or len(back) > 1 or all(map(_has_steps, ones))


_CASE = re.compile(r"(?:for|para|pour|fur|per)\s|(?:quick|fast|full|complete|partial|minimal)\b")


def are_for_different_cases(section: Section) -> bool:
    """ "For staging" and "For production", "Quick" and "Full": nobody does one after the other."""
    return sum(bool(_CASE.match(fold(c.title))) and c.has_fence() for c in section.children) > 1


def holds_ways(section: Section) -> bool:
    """Several sub-headings with commands each: run as one step, they would all be run."""
    if is_counted_heading(section.title):
        return False
    return sum(c.has_fence() for c in section.children if not _is_marked(c)) > 1


def _holds_steps(section: Section) -> bool:
    """It counts its own steps from one again, or says how to do a whole thing."""
    return any(is_step_heading(c.title) for c in section.children) or bool(
        section.has_fence() and speaks_of_going_back(section.title)
    )


def _is_marked(child: Section) -> bool:
    tests = (is_step_heading, is_way_heading, is_phase_heading)
    return any(test(child.title) for test in tests)


def _has_steps(section: Section) -> bool:
    if any(is_step_heading(c.title) or is_counted_heading(c.title) for c in section.children):
        return True
    return len(steps_of_blocks(section.title, section.line, section.blocks)) > 1
