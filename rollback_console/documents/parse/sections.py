"""Which sections of a document are about rolling back, and what the document is called.

Many plans are a chapter of a deployment guide. There, only the chapters that speak of going
back are read; running a deployment step would be the opposite of what was asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rollback_console.documents.model import Lines, Procedure

from ..markdown.blocks import Block, BlockKind
from ..markdown.folded_text import fold, plain
from ..markdown.outline import Section
from ..vocabulary.left_out import why_left_out
from ..vocabulary.section_names import (
    SectionKind,
    is_only_forward,
    part_of,
    says_steps,
    speaks_of_going_back,
    speaks_of_going_forward,
)
from ..vocabulary.step_headings import is_counted_heading, is_step_heading, is_way_heading
from .commands.fences import commands_in
from .header_fields import Field, fields_of, first, is_generic
from .step_sources import is_plain_prose
from .weigh_parts import may_be_member


def is_mere_list(procedure: Procedure) -> bool:
    manual = all(not (step.runs or step.commands) for step in procedure.steps)
    return manual and not procedure.ordered and not says_steps(procedure.name)


_BESIDE_US = {"watches the system", "looks into the cause", "for when something goes wrong"}


def concerns_us(never: Section, child: Section) -> bool:
    """Inside a chapter that never runs: how to go back from it, and whom to call."""
    part = part_of(child.title)
    if part is SectionKind.CONTACTS:
        return True
    if why_left_out(never.title) in _BESIDE_US:
        return part in {SectionKind.VERIFICATION, SectionKind.TRIGGERS, SectionKind.AFTER}
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


SAID_ABOVE = {
    SectionKind.TRIGGERS,
    SectionKind.NO_GO,
    SectionKind.TIME,
    SectionKind.DECISION,
    SectionKind.CONTACTS,
}


def kind_of(block: Block, part: SectionKind) -> str:
    return "rule" if block.kind is BlockKind.RULE else part.value


# Which sections are about rolling back.

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


_NAMELESS = re.compile(r"(?:the )?(?:runbook|plan|playbook|procedures?|guide|document|\W*)")


def is_promised(title: Section, tops: Sequence[Section]) -> bool:
    """Whether the document is about going back, so that its steps need not say so."""
    if _only_goes_back(title.title):
        return True
    nameless = bool(_NAMELESS.fullmatch(fold(title.title)))
    back = any(speaks_of_going_back(section.title) for section in tops)
    return nameless and back and not any(map(_goes_forward, tops))


def says_nowhere(root: Section) -> bool:
    """Whether no heading speaks of going back, so that only a person can say what is a step."""
    return not any(speaks_of_going_back(section.title) for section in root.walk())


def members_of(
    sections: Sequence[Section], parts: Mapping[int, SectionKind], *, promised: bool
) -> list[Section]:
    """Those that say how to go back. In a document about nothing else, counted neighbours that name
    no part belong to them, and where none says so all do that hold something to do."""
    named = [one for one in sections if parts[id(one)] is SectionKind.STEPS]
    if not promised:
        return [one for one in named if speaks_of_going_back(one.title)]
    named = _without_mere_prose(named)
    if any(map(_promises_all, named)):
        return named
    chosen = set(map(id, named))
    counted = any(is_counted_heading(one.title) or is_step_heading(one.title) for one in named)
    unnamed = [one for one in sections if parts[id(one)] is SectionKind.UNKNOWN]
    test = may_be_member if named else may_hold_steps
    chosen |= {id(one) for one in unnamed if (counted or not named) and test(one)}
    return [section for section in sections if id(section) in chosen]


def _without_mere_prose(named: list[Section]) -> list[Section]:
    """Beside sections that say what to do, one of sentences alone describes."""
    acting = [one for one in named if not is_plain_prose(list(one.every_block()))]
    return acting or named


def doubtful_in(
    sections: Sequence[Section], parts: Mapping[int, SectionKind], members: Sequence[Section]
) -> list[Section]:
    """Beside those that say how to go back: what holds commands and says nothing of what for."""
    chosen = set(map(id, members))
    rest = (one for one in sections if id(one) not in chosen)
    counted = any(is_counted_heading(one.title) for one in members)
    return [one for one in rest if _may_belong(one, parts, counted) and any(commands_in(one))]


def _may_belong(section: Section, parts: Mapping[int, SectionKind], counted: bool) -> bool:
    """It says nothing, or is counted among the others and only happens to speak of deploying."""
    part = parts[id(section)]
    if any(speaks_of_going_back(one.title) for one in section.walk()):
        return False  # what is below it says so itself
    forward = part is SectionKind.NEVER and is_only_forward(section.title)
    among = counted and is_counted_heading(section.title)
    return part is SectionKind.UNKNOWN or (forward and among)


def _promises_all(section: Section) -> bool:
    counted = (
        c for c in section.children if is_step_heading(c.title) or is_counted_heading(c.title)
    )
    outright = says_steps(section.title) and not is_step_heading(section.title)
    return outright or is_way_heading(section.title) or any(True for _ in counted)


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


def may_be_steps(block: Block) -> bool:
    """A list, a fence or a table, unless the table holds the fields a plan opens with."""
    if block.kind is BlockKind.TABLE:
        return not fields_of([block])
    return block.kind in {BlockKind.ITEM, BlockKind.FENCE}


def may_hold_steps(section: Section) -> bool:
    """No words say what it is, and it counts something or shows commands."""
    if part_of(section.title) is not SectionKind.UNKNOWN:
        return False
    blocks = list(section.every_block())
    counted = sum(b.kind is BlockKind.ITEM and b.number is not None for b in blocks)
    return counted > 1 or section.has_fence()


# What the document is called: by its first heading, its fields, or its first line.

_LONGEST = 120


def title_section(root: Section) -> Section:
    """The first heading, where it stands above all others; else the root."""
    tops = root.children
    if not tops or is_step_heading(tops[0].title):
        return root
    above = tops[0].level == 1 and not is_part(tops[0])
    label = not root.blocks and holds_only_lines(tops[0])
    return tops[0] if len(tops) == 1 or above or label else root


def without_heading(root: Section, title: Section) -> Lines | None:
    """Without a heading, a first line about going back is the title; its lines."""
    block = root.blocks[0] if title is root and root.blocks else None
    if block is None or block.kind is not BlockKind.PARAGRAPH or "\n" in block.text:
        return None
    text = plain(block.text[:_LONGEST])
    if not speaks_of_going_back(text):
        return None
    root.title = text
    return block.lines


def title_of(title: Section, fields: Iterable[Field], head: Mapping[str, Any]) -> str:
    """The heading when it says something of this plan, else the field or the service."""
    fields = list(fields)
    heading = plain(title.title)
    if heading and not is_generic(heading) and "title" not in head:
        return heading
    return first(fields, "title", head) or first(fields, "service", head) or heading
