"""What part each section of a document plays, by its words and by where it stands."""

from __future__ import annotations

from rollback_console.documents.model import Procedure

from ..markdown.blocks import Block, BlockKind
from ..markdown.outline import Section
from ..vocabulary.section_names import (
    SectionKind,
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
    if part_of(child.title) is SectionKind.CONTACTS:
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
    return part_of(section.title) not in {SectionKind.UNKNOWN, SectionKind.STEPS}


def part_in(section: Section, inherited: SectionKind) -> SectionKind:
    """Its own words first; ways and steps of a plan are steps wherever they stand."""
    if inherited is not SectionKind.NEVER and is_way_heading(section.title) and section.has_fence():
        return SectionKind.STEPS
    own = part_of(section.title)
    if own is SectionKind.DATA and inherited is not SectionKind.DATA and _acts(section):
        return SectionKind.STEPS
    if own is SectionKind.STEPS and inherited not in {
        SectionKind.UNKNOWN,
        SectionKind.STEPS,
        SectionKind.NEVER,
    }:
        # "Rollback is successful when" under verification is no procedure.
        return SectionKind.STEPS if _acts(section) and inherited in _MAY_ACT else inherited
    if own is SectionKind.ABOUT and inherited is not SectionKind.UNKNOWN:
        return inherited
    return inherited if own is SectionKind.UNKNOWN else own


SAID_ABOVE = {
    SectionKind.TRIGGERS,
    SectionKind.NO_GO,
    SectionKind.TIME,
    SectionKind.DECISION,
    SectionKind.CONTACTS,
}
_MAY_ACT = {SectionKind.DATA, SectionKind.DECISION, SectionKind.TRIGGERS, SectionKind.TIME}


def _acts(section: Section) -> bool:
    """ "Database rollback" with commands is a way to do it, not a consideration."""
    return speaks_of_going_back(section.title) and section.has_fence()


def kind_of(block: Block, part: SectionKind) -> str:
    return "rule" if block.kind is BlockKind.RULE else part.value
