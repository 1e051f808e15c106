"""Sections that stand in a row and are the steps of one procedure, whatever each is called."""

from __future__ import annotations

from collections.abc import Sequence

from ..markdown.blocks import Block, BlockKind
from ..markdown.outline import Section
from ..vocabulary.section_names import SectionKind, part_of, says_steps
from ..vocabulary.step_headings import is_counted_heading, is_phase_heading
from .header_fields import fields_of
from .section_roles import is_part


def phases_of(scope: Sequence[Section]) -> list[Section]:
    """`Stage 1`, `Stage 2` directly under the title, without those that decide or verify."""
    phases = [one for one in scope if is_phase_heading(one.title) and not is_part(one)]
    return phases if len(phases) > 1 else []


def counted_around(scope: Sequence[Section]) -> list[Section]:
    """`0. Safety`, `1. Revert`, `2. Let writers in`: only one speaks of going back, and to run
    it without its neighbours would be half of what the author wrote."""
    counted = [s for s in scope if is_counted_heading(s.title) and s.has_fence() and not is_part(s)]
    named = [s for s in counted if part_of(s.title) is SectionKind.STEPS]
    if len(named) != 1 or says_steps(named[0].title) or len(counted) < 3:
        return []
    return [] if any(s.children for s in counted) else counted


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
