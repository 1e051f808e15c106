"""What part of a plan a section is: by its words, by what it holds, by where it stands.

The rows of the table are asked in turn, and the first that says something decides. A heading
that says nothing means what the one above it means.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from ..markdown.blocks import BlockKind
from ..markdown.folded_text import fold, fold_heading
from ..markdown.inline_commands import commands_of_item
from ..markdown.outline import Section
from ..vocabulary.left_out import why_left_out
from ..vocabulary.section_names import (
    SectionKind,
    is_only_forward,
    part_of,
    says_steps,
    speaks_of_going_back,
)
from ..vocabulary.step_headings import (
    is_counted_heading,
    is_phase_heading,
    is_step_heading,
    is_way_heading,
)
from .commands.fences import commands_in

STEPS, NEVER, UNKNOWN = SectionKind.STEPS, SectionKind.NEVER, SectionKind.UNKNOWN
_ASIDE = {
    SectionKind.TRIGGERS,
    SectionKind.NO_GO,
    SectionKind.MESSAGE,
    SectionKind.CONTACTS,
    SectionKind.TIME,
}
# What is done before or after a rollback, also where it stands among its steps.
_AROUND = {SectionKind.PRECONDITIONS, SectionKind.AFTER, SectionKind.PREVENTION}
_MAY_ACT = {SectionKind.DATA, SectionKind.DECISION, SectionKind.TRIGGERS, SectionKind.TIME}
_CHAPTER = re.compile(r"\W*\d{1,2}\.\d{1,2}(?:[.)]|\s|$)")
_USAGE = re.compile(
    r"usage|how to (?:run|use)(?: it)?|run(?:ning)? (?:it|the script|the rollback)|uso|utilisation|verwendung|用法|使い方|사용법"
)
_GOES_BACK = re.compile(
    r"(?:revert|undo|roll back|back out|restore)\s+(?!is\b|plan|procedure|guide|steps?\b)\w"
)
_BY_ITSELF = re.compile(
    r"automat(?:ic|ed|ically)\b.{0,40}(?:rollbacks?|recovery|reverts?)\b|auto-?rollback"
)
_PIPELINE = re.compile(
    r"\b(?:pipeline|workflow|ci(?:/cd)?|argo ?(?:cd|rollouts)|flagger|controller|monitor(?:ing)?|system)\b[^.]{0,40}"
    r"\b(?:triggers?|runs?|performs?|executes?|starts?|rolls? back|reverts?|initiates?)\b"
)
# Why a counted heading among steps is none of them, whatever it holds.
_OUTRIGHT = {
    "belongs to the deployment",
    "undoes the rollback again",
    "not now",
    "a test or a drill",
    "an example",
    "shown as a mistake",
    "expected output",
    "only for reference",
    "for when something goes wrong",
}


@dataclass(frozen=True)
class Place:
    """A section and the part of what stands above it."""

    section: Section
    inherited: SectionKind

    @cached_property
    def own(self) -> SectionKind:
        return part_of(self.section.title)

    @cached_property
    def runs(self) -> int:
        """How many commands it holds in fences."""
        return sum(1 for _ in commands_in(self.section))

    @cached_property
    def counted(self) -> bool:
        """As a step is. `9.3` counts chapters: what those are called says what they are."""
        title = self.section.title
        if _CHAPTER.match(title):
            return False
        return is_step_heading(title) or is_phase_heading(title) or is_counted_heading(title)

    @cached_property
    def left_out(self) -> bool:
        return why_left_out(self.section.title) in _OUTRIGHT

    @cached_property
    def acts(self) -> bool:
        """ "Database rollback" with commands is a way to do it, not a consideration."""
        return speaks_of_going_back(self.section.title) and self.section.has_fence()

    @cached_property
    def by_itself(self) -> bool:
        """What goes back without anybody: nothing to run, or a pipeline is said to run it."""
        if not _BY_ITSELF.match(fold_heading(self.section.title)):
            return False
        texts = [
            fold(block.text) for block in self.section.blocks if block.kind is BlockKind.PARAGRAPH
        ]
        return not self.runs or any(map(_PIPELINE.search, texts))

    @cached_property
    def promises(self) -> bool:
        return says_steps(self.section.title)

    @cached_property
    def among_steps(self) -> bool:
        return self.inherited is STEPS


# Which part it is, and when the row holds.
TABLE: tuple[tuple[str, Callable[[Place], bool], Callable[[Place], SectionKind]], ...] = (
    ("left out by its words", lambda p: p.left_out, lambda p: NEVER),
    ("begins with going back, and runs", lambda p: p.runs > 0 and bool(_GOES_BACK.match(fold_heading(p.section.title))),
     lambda p: STEPS),
    ("headed as a step", lambda p: p.among_steps and is_step_heading(p.section.title), lambda p: STEPS),
    ("counted among steps, and runs", lambda p: p.among_steps and p.counted and p.runs > 0, lambda p: STEPS),
    ("headed as a way", lambda p: p.inherited is not NEVER and is_way_heading(p.section.title) and p.section.has_fence(),
     lambda p: STEPS),
    ("headed as a way among steps", lambda p: p.among_steps and is_way_heading(p.section.title), lambda p: STEPS),
    ("the one command of a usage", lambda p: bool(_USAGE.fullmatch(fold_heading(p.section.title))) and p.runs == 1,
     lambda p: STEPS),
    ("deploys, said while going back", lambda p: p.among_steps and p.own is NEVER and is_only_forward(p.section.title),
     lambda p: STEPS),
    ("goes back by itself", lambda p: p.by_itself,
     lambda p: SectionKind.ABOUT),
    ("never runs", lambda p: p.own is NEVER, lambda p: NEVER),
    ("rollback of something, with commands", lambda p: p.own is SectionKind.ABOUT and p.acts, lambda p: STEPS),
    ("describes", lambda p: p.own is SectionKind.ABOUT and p.among_steps and not p.section.has_fence(), lambda p: p.own),
    ("around the steps", lambda p: p.among_steps and p.own in _AROUND, lambda p: p.own),
    ("aside from the steps", lambda p: p.among_steps and p.own in _ASIDE, lambda p: p.own),
    ("among steps, and does something", lambda p: p.among_steps and (p.own in {STEPS, UNKNOWN} or p.section.has_fence() or p.counted),
     lambda p: STEPS),
    ("database rollback with commands", lambda p: p.own is SectionKind.DATA and p.inherited is not SectionKind.DATA and p.acts,
     lambda p: STEPS),
    ("speaks of going back under another part",
     lambda p: p.own is STEPS and p.inherited not in {UNKNOWN, STEPS, NEVER},
     # "Rollback is successful when" under verification is no procedure.
     lambda p: STEPS if p.acts and (p.inherited in _MAY_ACT or p.promises) else p.inherited),
    ("describes what stands above", lambda p: p.own is SectionKind.ABOUT and p.inherited is not UNKNOWN, lambda p: p.inherited),
    ("says nothing", lambda p: p.own is UNKNOWN, lambda p: p.inherited),
)  # fmt: skip


def part_in(section: Section, inherited: SectionKind) -> SectionKind:
    """The part a section is, under one of the part `inherited`."""
    place = Place(section, inherited)
    return next((part(place) for _, holds, part in TABLE if holds(place)), place.own)


def may_be_member(section: Section) -> bool:
    """Counted, a phase or an option, with commands: part of a run if its neighbours are."""
    title = section.title
    marked = is_step_heading(title) or is_phase_heading(title) or is_counted_heading(title)
    return (marked or is_way_heading(title)) and holds_commands(section)


def holds_commands(section: Section) -> bool:
    """Whether anything in it reads like a command."""
    items = (block for block in section.every_block() if block.kind is BlockKind.ITEM)
    return any(True for _ in commands_in(section)) or any(map(commands_of_item, items))
