"""What part each section of a document plays, by its words and by where it stands."""

from __future__ import annotations

from rollback_console.documents.model import Procedure

from ..markdown.blocks import Block, BlockKind
from ..markdown.outline import Section
from ..vocabulary.section_names import (
    Part,
    part_of,
    says_steps,
    speaks_of_going_back,
    speaks_of_going_forward,
)
from ..vocabulary.step_headings import is_way_heading


def is_mere_list(procedure: Procedure) -> bool:
    manual = all(not (step.runs or step.commands) for step in procedure.steps)
    return manual and not procedure.ordered and not says_steps(procedure.name)


def concerns_us(never: Section, child: Section) -> bool:
    """Inside a chapter that never runs: how to go back from it, and whom to call."""
    if part_of(child.title) is Part.CONTACTS:
        return True
    forward = speaks_of_going_forward(never.title) and not speaks_of_going_back(never.title)
    return forward and speaks_of_going_back(child.title)


def without_children(section: Section) -> Section:
    """The section with only its own blocks."""
    return Section(section.title, section.level, section.line, section.blocks, [], None)


def holds_only_lines(section: Section) -> bool:
    """A bold line at the very top, with nothing but lines of text under it."""
    lines = {BlockKind.PARAGRAPH, BlockKind.RULE}
    return not section.children and all(block.kind in lines for block in section.blocks)


def is_part(section: Section) -> bool:
    return part_of(section.title) not in {Part.UNKNOWN, Part.STEPS}


def part_in(section: Section, inherited: Part) -> Part:
    """Its own words first; ways and steps of a plan are steps wherever they stand."""
    if inherited is not Part.NEVER and is_way_heading(section.title) and section.has_fence():
        return Part.STEPS
    own = part_of(section.title)
    if own is Part.DATA and inherited is not Part.DATA and _acts(section):
        return Part.STEPS
    if own is Part.STEPS and inherited not in {Part.UNKNOWN, Part.STEPS, Part.NEVER}:
        # "Rollback is successful when" under verification is no procedure.
        return Part.STEPS if _acts(section) and inherited in _MAY_ACT else inherited
    if own is Part.ABOUT and inherited is not Part.UNKNOWN:
        return inherited
    return inherited if own is Part.UNKNOWN else own


SAID_ABOVE = {Part.TRIGGERS, Part.NO_GO, Part.TIME, Part.DECISION, Part.CONTACTS}
_MAY_ACT = {Part.DATA, Part.DECISION, Part.TRIGGERS, Part.TIME}


def _acts(section: Section) -> bool:
    """ "Database rollback" with commands is a way to do it, not a consideration."""
    return speaks_of_going_back(section.title) and section.has_fence()


def kind_of(block: Block, part: Part) -> str:
    return "rule" if block.kind is BlockKind.RULE else part.value
