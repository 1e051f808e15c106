"""Sections that say how to roll back, read into procedures of steps.

Headings named "Option", "Method", "Scenario" are ways of which one is taken; "Phase" and
"Stage" are parts of one way; "Step n" and numbered headings are its steps.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rollback_console.documents.model import Estimate, MessageTemplate, Note, Procedure, Step

from ..markdown.blocks import Block, BlockKind
from ..markdown.folded_text import bare_title, fold, plain, slug
from ..markdown.outline import Section
from ..shell.command_patterns import destroys
from ..vocabulary.labels import minutes, notes_of
from ..vocabulary.remarks import is_condition, is_warning
from ..vocabulary.section_names import SectionKind, part_of, speaks_of_going_back
from ..vocabulary.step_headings import (
    TIMED,
    is_counted_heading,
    is_phase_heading,
    is_step_heading,
    is_way_heading,
    name_of,
    number_of,
    step_title,
)
from .sibling_relations import are_for_different_cases, children_are_ways, holds_ways, other_part
from .step_builder import Doubt, StepReading
from .step_sources import is_plain_prose, steps_of_blocks
from .steps import step_from


@dataclass(slots=True)
class ProcedureReading:
    """Procedures found, the doubts of each of their steps, and sections left to others."""

    procedures: list[Procedure] = field(default_factory=list)
    doubts: dict[str, list[Doubt]] = field(default_factory=dict)
    messages: list[MessageTemplate] = field(default_factory=list)
    estimates: list[Estimate] = field(default_factory=list)
    others: list[tuple[Section, SectionKind]] = field(default_factory=list)
    keys: Counter[str] = field(default_factory=Counter)
    step_keys: Counter[str] = field(default_factory=Counter)


def read_procedures(
    section: Section, reading: ProcedureReading, name: str = "", *, is_way: bool = False
) -> None:
    """Read `section` as one procedure or several, adding to `reading`; `is_way` when its
    author set it beside others to choose from."""
    name = name or name_of(section.title)
    inside, ways = _sorted(section, reading)
    for way in ways:
        alone = is_way_heading(way.title) or speaks_of_going_back(way.title)
        own = name_of(way.title)
        read_procedures(way, reading, own if alone else f"{name}: {own}", is_way=True)
    readings = _found(section, inside, bool(ways))
    if readings:
        _add(reading, section, name, readings, is_way=is_way)


def read_steps(
    sections: Sequence[Section], reading: ProcedureReading, name: str, line: int
) -> None:
    """Read sections that are steps themselves as one procedure of this name."""
    readings = [step for section in sections for step in _steps_of(section)]
    if readings:
        parent = Section(title=name, line=line)
        _add(reading, parent, name, readings, is_way=True)


def _sorted(section: Section, reading: ProcedureReading) -> tuple[list[Section], list[Section]]:
    """Children that are steps or phases, and those that are ways; the rest is for others."""
    inside: list[Section] = []
    ways: list[Section] = []
    conditional = sum(is_condition(child.title) for child in section.children) > 1
    several = are_for_different_cases(section) or (
        not is_way_heading(section.title) and children_are_ways(section)
    )
    for child in section.children:
        if is_step_heading(child.title) or is_phase_heading(child.title):
            inside.append(child)
        elif is_way_heading(child.title) or (conditional and is_condition(child.title)):
            ways.append(child)
        elif (other := other_part(child)) is not None:
            reading.others.append((child, other))
        else:
            (ways if several or holds_ways(child) else inside).append(child)
    return inside, ways


def _found(section: Section, inside: Sequence[Section], has_ways: bool) -> list[StepReading]:
    own: list[StepReading] = []
    if not (is_plain_prose(section.blocks) and (inside or has_ways)):
        own = steps_of_blocks(section.title or "Rollback", _begin(section), section.blocks)
    if inside or has_ways:
        # Bullets above real steps introduce them; only what runs is a step itself.
        own = [one for one in own if one.step.commands or one.step.alternatives]
    return own + [step for child in inside for step in _steps_of(child)]


def _begin(section: Section) -> int:
    """Text above the first heading has no heading to begin at."""
    return section.line or min((block.lines[0] for block in section.blocks), default=1)


def _steps_of(section: Section) -> list[StepReading]:
    """A heading is one step, unless it is a phase (or a plain heading) that holds several."""
    if is_step_heading(section.title):
        return [_heading_step(section)]
    group = bare_title(section.title)
    steps = [c for c in section.children if is_step_heading(c.title) or is_counted_heading(c.title)]
    if steps:
        return [_grouped(_heading_step(child), group) for child in steps]
    carried = steps_of_blocks(section.title, section.line, section.blocks)
    if len(carried) > 1 and not section.children:
        return [_grouped(one, group) for one in carried]
    return [_heading_step(section)]


def _grouped(reading: StepReading, group: str) -> StepReading:
    return replace(reading, step=replace(reading.step, group=group))


def _heading_step(section: Section) -> StepReading:
    title = step_title(section.title)
    return step_from(title, section.line, section.every_block())


def _add(
    reading: ProcedureReading,
    section: Section,
    name: str,
    readings: list[StepReading],
    *,
    is_way: bool,
) -> None:
    key = _unique(slug(name, "procedure"), reading.keys)
    steps = _numbered(section, [one.step for one in readings], reading.step_keys)
    for step, one in zip(steps, readings, strict=True):
        reading.doubts[step.key] = one.doubts
        reading.messages += one.messages
    intro = [block for block in section.blocks if block.kind is BlockKind.PARAGRAPH]
    condition = _condition(section, intro)
    if is_way_heading(section.title):
        steps = [replace(s, condition="") if s.condition == condition else s for s in steps]
    warnings = [plain(b.text) for b in intro if section.children and is_warning(b.text)]
    reading.estimates += _estimates(section, name, intro)
    reading.procedures.append(
        Procedure(
            key,
            name,
            tuple(steps),
            section.line,
            condition,
            ordered=is_way or _is_ordered(section),
            warnings=tuple(warnings),
        )
    )


_WHEN = re.compile(
    r"condition|when|use when|trigger|applies|symptom|if\b|condicion|cuando|quand|wann|bedingung"
    r"|条件|场景|الشرط|متي"
)


def _condition(section: Section, intro: Sequence[Block]) -> str:
    """When this way is meant: said outright, or under a label like "Condition"."""
    for note in notes_of(intro):
        if note.label and note.text and _WHEN.match(fold(note.label)):
            return f"{note.label}: {note.text}" if is_condition(note.label) else note.text
    texts = [section.title, *(plain(block.text) for block in intro)]
    return next((text.strip(" :\uff1a") for text in texts if is_condition(text)), "")


def _estimates(section: Section, name: str, intro: Sequence[Block]) -> list[Estimate]:
    """Times an author gives for this way, in its heading or under a label."""
    timed = TIMED.search(section.title)
    texts = [(timed[1], section.line)] if timed else []
    texts += [(n.text, n.line) for n in notes_of(intro) if part_of(n.label) is SectionKind.TIME]
    timings = [(text, line, *minutes(text)) for text, line in texts]
    return [Estimate(t, name, low, high, line) for t, line, low, high in timings if low is not None]


def _is_ordered(section: Section) -> bool:
    counted = any(is_step_heading(c.title) or is_counted_heading(c.title) for c in section.children)
    return counted or any(b.number is not None or b.checkbox for b in section.blocks)


def _numbered(section: Section, steps: Sequence[Step], keys: Counter[str]) -> list[Step]:
    """Numbers as the author gave them while they count up, else 1, 2, 3; keys made unique."""
    titles = {child.line: child.title for child in section.walk() if child.line}
    given = [number_of(titles.get(step.lines[0], "")) for step in steps]
    numbers = [number for number in given if number is not None]
    counts_up = len(numbers) == len(steps) and numbers == sorted(set(numbers))
    numbered = []
    for at, step in enumerate(steps):
        key = _unique(step.key, keys)
        number = numbers[at] if counts_up else at + 1
        numbered.append(replace(step, number=number, key=key))
    return numbered


def _unique(key: str, seen: Counter[str]) -> str:
    seen[key] += 1
    if seen[key] == 1:
        return key
    return _unique(f"{key}-{seen[key]}", seen)


# Procedures an author names in passing: "alternatively keep the database as it is".

_KEEPS = re.compile(
    r"(?:keep|leave|retain|preserv|without|skip|not) .{0,30}(?:\bdb\b|database|schema|data\b)"
    r"|code[ -]only|only .{0,20}code"
    r"|sin .{0,20}base de datos|solo .{0,20}codigo|sans .{0,20}base de donnees|seulement le code"
    r"|datenbank .{0,20}(?:behalten|belassen)"
    r"|nur .{0,10}code|保留数据库|仅回滚代码|只回滚代码|الابقاء علي قاعده البيانات|الكود فقط"
)
_ALTERNATIVE = re.compile(r"alternativ|option|instead|or\b|consider|opcion|可选|另外|替代|بديل")
_DATABASE = re.compile(
    r"\bdb\b|database|migrat|\bdata\b|dump|base de d|datenbank|数据库|迁移|قاعده البيانات"
)


def code_only(procedures: Sequence[Procedure], notes: Sequence[Note]) -> Procedure | None:
    """The first procedure without its database steps, when a note offers exactly that."""
    note = next((note for note in notes if _offers(note)), None)
    main = next((one for one in procedures if any(map(touches_data, one.steps))), None)
    if note is None or main is None:
        return None
    kept = tuple(step for step in main.steps if not touches_data(step))
    if not kept:
        return None
    name = re.sub(r"^[^\W\d_]+\s*[:\uff1a]\s*", "", note.text) or note.text
    return replace(
        main, key="code-only", name=name, steps=kept, line=note.line, condition="", derived=True
    )


def touches_data(step: Step) -> bool:
    """The step changes the database: by its title, or by what its commands undo."""
    texts = [c.text for c in step.commands]
    texts += [c.text for one in step.alternatives for c in one.commands]
    codes = {code for text in texts for code in destroys(text)}
    changes = codes & {"restores-over", "drops-data", "reverses-migration"}
    return bool(changes or (_DATABASE.search(fold(step.title)) and step.destructive))


def _offers(note: Note) -> bool:
    text = fold(f"{note.label} {note.text}")
    return bool(_KEEPS.search(text)) and bool(_ALTERNATIVE.search(text))
