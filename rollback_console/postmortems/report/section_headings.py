"""Where a plan's document holds what a postmortem writes about, by the plan's own headings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rollback_console.documents.markdown.blocks import BlockKind, parse
from rollback_console.documents.markdown.folded_text import fold
from rollback_console.documents.markdown.front_matter import read_front_matter
from rollback_console.documents.markdown.outline import Section, outline
from rollback_console.documents.markdown.source import split_lines
from rollback_console.documents.vocabulary.section_names import SectionKind, part_of
from rollback_console.documents.vocabulary.step_headings import is_step_heading

_NUMBER = re.compile(r"^(?:\d+(?:\.\d+)*[.):]?|part \d+:)\s+", re.IGNORECASE)

PREVENTION = {
    "what_went_wrong": ("What Went Wrong", re.compile(r"went wrong|root cause|causa|ursache|问题")),
    "how_to_prevent": ("How to Prevent", re.compile(r"prevent|prevencion|vermeid|eviter|预防")),
    "additional_testing": ("Additional Testing", re.compile(r"test|prueba|测试")),
}
"""The seed's three slots: the field, the heading it has where a plan has none, its words."""


def sections(source: str) -> list[Section]:
    """Every section of a document in source order, without its title's."""
    lines = split_lines(source)
    head = read_front_matter(lines).lines
    end = head[1] if head else 0
    root = outline(parse([""] * end + lines[end:]))
    title = root.children[0] if len(root.children) == 1 else root
    return [each for each in root.walk() if each not in (root, title)]


def title_of(source: str, part: SectionKind, otherwise: str) -> str:
    """The plan's own heading for a part, without its number; `otherwise` where it has none."""
    section = next(sections_of_part(sections(source), part), None)
    title = section.title.removeprefix("Procedure: ") if section else otherwise
    return _NUMBER.sub("", title)


def sections_of_part(candidates: list[Section], part: SectionKind) -> Iterator[Section]:
    """Sections whose heading announces that part; a step that verifies is a step."""
    named = (each for each in candidates if each.heading and not is_step_heading(each.title))
    return (each for each in named if part_of(each.title) is part)


def slot(candidates: list[Section], field: str) -> Section | None:
    """The section for one of PREVENTION: the heading that names it and no more than it.

    A parent such as "Prevention for Next Deployment" also says prevent; it is not the slot
    when it holds sections of its own.
    """
    words = PREVENTION[field][1]
    named = [
        each
        for each in sections_of_part(candidates, SectionKind.PREVENTION)
        if words.search(fold(each.title))
    ]
    leaves = [each for each in named if not each.children]
    return leaves[0] if leaves else None


def last_line(section: Section) -> int:
    """The last line of a section's own text, its heading's where it has none; neither a rule
    and what follows it, nor the sections inside."""
    last = section.heading.lines[1] if section.heading else 0
    for block in section.blocks:
        if block.kind is BlockKind.RULE:
            break
        last = max(last, block.lines[1])
    return last
