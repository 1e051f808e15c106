"""A plan's text with what was learned written into it; everything else stays byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from rollback_console.documents.edit.writer import edited
from rollback_console.documents.markdown.blocks import Block, BlockKind
from rollback_console.documents.markdown.folded_text import plain
from rollback_console.documents.markdown.outline import Section
from rollback_console.documents.markdown.source import split_keeping_ends
from rollback_console.documents.model import Edit, PlanDocument
from rollback_console.documents.placeholders.find import find_placeholders
from rollback_console.documents.vocabulary.section_names import SectionKind

from ..report import section_headings
from ..trends.estimates import MEASURED, Range

_BULLET = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+(?:\[[ xX]\]\s+)?")
_MARKUP = re.compile(r"^(?=[`~#>+*_=|\[<\-])|^(\d+)(?=[.)])")


def with_lessons(plan: PlanDocument, texts: Mapping[str, str], mark: str) -> str:
    """The text with each of headings.PREVENTION that `texts` holds, line by line, as items.

    A slot that still holds only placeholders is filled; another grows; a plan without one gets
    its heading. `mark` is put after each item. What is there already is not written twice.
    """
    sections = section_headings.sections(plan.source)
    edits: list[Edit] = []
    missing: list[str] = []
    for field, (heading, _) in section_headings.PREVENTION.items():
        rows = _rows(texts.get(field, ""), mark)
        section = section_headings.slot(sections, field)
        if rows and section:
            edits += _into(plan.source, section, rows)
        elif rows:
            missing += ["", f"### {heading}", *rows]
    if missing:
        edits.append(_under(plan.source, sections, missing))
    return edited(plan.source, tuple(edits))


def with_estimate(plan: PlanDocument, procedure: str, measured: Range, last: date) -> str:
    """The text with how long this procedure took, beside the author's own estimates."""
    label = f"{MEASURED}, {re.sub(r'[*_`:]', '', procedure).strip() or 'rollback'}"
    runs = f"{measured.runs} rollback{'s' * (measured.runs != 1)}"
    row = f"- **{label}**: {measured} ({runs}, last on {last:%Y-%m-%d})"
    for each in plan.estimates:
        if each.kind == label:
            return edited(plan.source, (Edit(each.line, each.line, (row,)),))
    section = next(
        section_headings.sections_of_part(section_headings.sections(plan.source), SectionKind.TIME),
        None,
    )
    if section is None:
        rows = ("", "## Rollback Time Estimate", "", row)
        return edited(plan.source, (_at_the_end(plan.source, rows),))
    return edited(plan.source, (_after(section, [row]),))


def _rows(text: str, mark: str) -> list[str]:
    """One item a line. What would be Markdown at its beginning is made plain: nothing written
    in a postmortem may become a heading, a fence or a step of a plan."""
    lines = [_BULLET.sub("", line).strip() for line in text.splitlines()]
    return [f"- {_MARKUP.sub(_escaped, line)} ({mark})" for line in lines if line]


def _escaped(match: re.Match[str]) -> str:
    return f"{match[1]}\\" if match[1] else "\\"


def _into(source: str, section: Section, rows: Sequence[str]) -> Iterator[Edit]:
    lines = [line.rstrip("\r\n") for line in split_keeping_ends(source)]
    new = [row for row in rows if row not in lines]
    blanks = [block for block in section.blocks if _is_blank(block)] if new else []
    if blanks:
        yield Edit(*blanks[0].lines, rows=tuple(new))
        yield from (Edit(*block.lines, rows=()) for block in blanks[1:])
    elif new:
        yield _after(section, new)


def _is_blank(block: Block) -> bool:
    """An item that is nothing but a placeholder."""
    text = plain(block.text)
    slots = find_placeholders(text)
    return (
        block.kind is BlockKind.ITEM
        and len(slots) == 1
        and (slots[0].start, slots[0].end) == (0, len(text))
    )


def _after(section: Section, rows: Sequence[str]) -> Edit:
    at = section_headings.last_line(section) + 1
    ends = [block for block in section.blocks if block.lines[1] == at - 1]
    joins = not ends or ends[-1].kind is BlockKind.ITEM
    return Edit(at, at - 1, tuple(rows if joins else ["", *rows]))


def _under(source: str, headed: list[Section], rows: list[str]) -> Edit:
    """Below the plan's own section on prevention, or in a new one at the end."""
    parent = next(section_headings.sections_of_part(headed, SectionKind.PREVENTION), None)
    if parent is None:
        return _at_the_end(source, ["", "## Prevention for Next Deployment", *rows])
    at = max(section_headings.last_line(each) for each in parent.walk()) + 1
    marks = "#" * min(parent.level + 1, 6)
    return Edit(at, at - 1, tuple(re.sub(r"^###(?= )", marks, row) for row in rows))


def _at_the_end(source: str, rows: Sequence[str]) -> Edit:
    lines = split_keeping_ends(source)
    at = len(lines) if not lines[-1] else len(lines) + 1
    return Edit(at, at - 1, tuple(rows))
