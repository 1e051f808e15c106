"""Parts that say how to roll back, read into procedures of steps.

What stands beside each other is weighed (see `weigh_siblings`): a run becomes one procedure, ways
become one each, and so do parts of which nobody can say; those are asked about.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rollback_console.documents.model import (
    Estimate,
    MessageTemplate,
    Note,
    Procedure,
    Relation,
    RelationKind,
    Step,
)

from ..markdown.folded_text import bare_title, fold, plain, slug
from ..markdown.outline import Section
from ..shell.command_patterns import destroys
from ..vocabulary.labels import minutes, notes_of
from ..vocabulary.remarks import condition_of, is_condition, is_warning, names_one_of
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
    without_time,
)
from .commands.fences import commands_in
from .step_builder import Doubt, StepReading
from .step_sources import is_plain_prose, steps_of_blocks
from .steps import joined, make_step_manual, step_from, steps_from
from .weigh_parts import part_in
from .weigh_siblings import Verdict, weigh

_ALONE = Verdict(RelationKind.ORDER)


@dataclass(slots=True)
class ProcedureReading:
    """Procedures, the doubts of each of their steps, what is asked, and sections left to others."""

    procedures: list[Procedure] = field(default_factory=list)
    doubts: dict[str, list[Doubt]] = field(default_factory=dict)
    messages: list[MessageTemplate] = field(default_factory=list)
    estimates: list[Estimate] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    others: list[tuple[Section, SectionKind]] = field(default_factory=list)
    keys: Counter[str] = field(default_factory=Counter)
    step_keys: Counter[str] = field(default_factory=Counter)


def read_procedures(
    section: Section, reading: ProcedureReading, name: str = "", *, is_way: bool = False
) -> None:
    """Read `section` as one procedure or several, adding to `reading`; `is_way` when its
    author set it beside others to choose from."""
    name = name or name_of(section.title)
    before = len(reading.procedures)
    inside, ways, verdict = _sorted(section, reading)
    readings = _steps_inside(section, inside, bool(ways), reading)
    if readings:
        _add(reading, section, name, readings, is_way=is_way)
    own = len(reading.procedures) > before
    for way in ways:
        alone = is_way_heading(way.title) or speaks_of_going_back(way.title)
        title = name_of(way.title)
        read_procedures(way, reading, title if alone else f"{name}: {title}", is_way=True)
    if own and ways:
        verdict = Verdict(RelationKind.UNKNOWN, ("commands stand above the ways, or beside them",))
    _relate(reading, section, verdict, before)


def read_siblings(
    parent: Section, members: Sequence[Section], reading: ProcedureReading, name: str
) -> None:
    """Read parts beside each other, none of which heads the others, under the parent's name."""
    group = Section(parent.title, parent.level, parent.line or 1, [], list(members))
    verdict = weigh(parent.title, members) if len(members) > 1 else _ALONE
    before = len(reading.procedures)
    if verdict.kind is RelationKind.ORDER and (
        len(members) > 1 or is_step_heading(members[0].title)
    ):
        readings = [step for member in members for step in _steps_of(member, reading)]
        if readings:
            _add(reading, group, name, readings, is_way=True)
        _relate(reading, group, verdict, before)
        return
    for member in members:
        read_procedures(member, reading)
    _relate(reading, group, verdict, before)


def _relate(reading: ProcedureReading, section: Section, verdict: Verdict, before: int) -> None:
    """Note how the procedures read since `before` relate, or the steps of the only one."""
    added = reading.procedures[before:]
    members = tuple(one.key for one in added)
    kind = verdict.kind
    if len(added) == 1 and len(added[0].steps) > 1:
        kind, members = RelationKind.ORDER, tuple(step.key for step in added[0].steps)
    elif len(added) < 2 or any(set(members) <= set(one.members) for one in reading.relations):
        return
    elif kind is RelationKind.ORDER:
        kind = RelationKind.UNKNOWN
    if kind is RelationKind.UNKNOWN:
        # One question for all of them: what is asked about a part is asked about the whole.
        reading.relations = [r for r in reading.relations if not _asked_with(r, members)]
    reading.relations.append(Relation(kind, members, section.lines, verdict.evidence))


def _asked_with(relation: Relation, members: Sequence[str]) -> bool:
    return relation.kind is RelationKind.UNKNOWN and set(relation.members) <= set(members)


def _sorted(
    section: Section, reading: ProcedureReading
) -> tuple[list[Section], list[Section], Verdict]:
    """Children that follow each other, and those that stand apart; the rest is for others."""
    members: list[Section] = []
    for child in section.children:
        part = part_in(child, SectionKind.STEPS)
        if part is SectionKind.STEPS:
            members.append(child)
        else:
            reading.others.append((child, part))
    options = [child for child in members if is_way_heading(child.title)]
    if options and len(options) < len(members):
        rest = [child for child in members if child not in options]
        apart = [child for child in rest if not is_step_heading(child.title)]
        if len(options) > 1 and not (
            is_step_heading(rest[0].title) or is_counted_heading(rest[0].title)
        ):
            return [], members, Verdict(RelationKind.UNKNOWN, ("only some are headed as options",))
        return [c for c in rest if c not in apart] or rest, options, Verdict(RelationKind.WAYS)
    if options:
        return [], members, Verdict(RelationKind.WAYS, ("each is headed as an option",))
    verdict = weigh(section.title, members) if len(members) > 1 else _ALONE
    if verdict.kind is RelationKind.ORDER and not (len(members) == 1 and _holds_ways(members[0])):
        return members, [], verdict
    return [], members, verdict


def _holds_ways(section: Section) -> bool:
    """The only part under a heading is no step, and holds several that do not follow each other."""
    title = section.title
    if is_step_heading(title) or is_counted_heading(title) or is_phase_heading(title):
        return False
    several = [child for child in section.children if any(commands_in(child))]
    return len(several) > 1 and weigh(title, several).kind is not RelationKind.ORDER


def _steps_inside(
    section: Section, inside: Sequence[Section], has_ways: bool, reading: ProcedureReading
) -> list[StepReading]:
    own: list[StepReading] = []
    if not (is_plain_prose(section.blocks) and (inside or has_ways)):
        title = step_title(section.title) or "Rollback"
        own = steps_of_blocks(title, _begin(section), section.blocks)
    if inside or has_ways:
        # Bullets above real steps introduce them; only what runs is a step itself.
        own = [one for one in own if one.step.commands or one.step.alternatives]
    return own + [step for child in inside for step in _steps_of(child, reading)]


def _begin(section: Section) -> int:
    """Text above the first heading has no heading to begin at."""
    return section.line or min((block.lines[0] for block in section.blocks), default=1)


# One part of a run: a step, or a phase that holds several.


def _steps_of(section: Section, reading: ProcedureReading) -> list[StepReading]:
    """A heading is one step, unless it is a phase (or a plain heading) that holds several."""
    members = _inner(section, reading)
    headed = [c for c in members if is_step_heading(c.title) or is_counted_heading(c.title)]
    several = [c for c in members if any(commands_in(c))]
    verdict = weigh(section.title, several) if len(several) > 1 else _ALONE
    if is_step_heading(section.title) or (not headed and verdict.kind is not RelationKind.ORDER):
        return _one_step(section, members, several, verdict)
    group = bare_title(section.title)
    if headed and verdict.kind is RelationKind.ORDER:
        own = _own_steps(section)
        steps = [*own, *(s for c in headed for s in _one_step(c, _inner(c, reading), [], _ALONE))]
        return _grouped(section, steps, group)
    carried = steps_of_blocks(section.title, section.line, section.blocks)
    if len(carried) > 1 and not members:
        return _grouped(section, carried, group)
    return _one_step(section, members, several, verdict)


def _own_steps(section: Section) -> list[StepReading]:
    """What a phase says to run before its first counted step."""
    if is_plain_prose(section.blocks):
        return []
    own = steps_of_blocks(section.title, section.line, section.blocks)
    return [one for one in own if one.step.commands or one.step.alternatives]


def _inner(section: Section, reading: ProcedureReading) -> list[Section]:
    """The sub-headings of a step that belong to it; what never runs is left to others."""
    members: list[Section] = []
    for child in section.children:
        part = part_in(child, SectionKind.STEPS)
        if part is SectionKind.NEVER:
            reading.others.append((child, part))
        else:
            members.append(child)
    return members


def _one_step(
    section: Section, members: Sequence[Section], several: Sequence[Section], verdict: Verdict
) -> list[StepReading]:
    blocks = list(section.blocks)
    for child in members:
        if child.heading:
            child.heading.way = verdict.kind is RelationKind.WAYS and child in several
            blocks.append(child.heading)
        blocks += child.every_block()
    steps = steps_from(step_title(section.title), section.line, blocks)
    nested = verdict.kind is RelationKind.WAYS and any(
        step_from("", child.line, child.every_block()).step.alternatives for child in several
    )
    if nested or verdict.kind is RelationKind.UNKNOWN:
        return [make_step_manual(one, Doubt("unknown-parts", section.line)) for one in steps]
    return steps


def _grouped(section: Section, readings: Sequence[StepReading], group: str) -> list[StepReading]:
    """The steps of a phase: what it says of all holds for each."""
    condition = _condition(section)
    warnings = _warnings(section)
    return [
        replace(
            one,
            step=replace(
                one.step,
                group=group,
                condition=joined([condition, one.step.condition]),
                warnings=tuple(dict.fromkeys((*one.step.warnings, *warnings))),
            ),
        )
        for one in readings
    ]


def _warnings(section: Section) -> list[str]:
    texts = [plain(block.text) for block in section.intro()]
    title = plain(section.title)
    return [
        text
        for text in ([title] if is_warning(bare_title(title)) else []) + texts
        if is_warning(text)
    ]


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
    condition = _condition(section)
    if is_way_heading(section.title):
        steps = [replace(s, condition="") if s.condition == condition else s for s in steps]
    reading.estimates += _estimates(section, name)
    reading.procedures.append(
        Procedure(
            key,
            name,
            tuple(steps),
            section.line,
            condition,
            ordered=is_way or _is_ordered(section),
            warnings=tuple(_warnings(section) if section.children or len(steps) > 1 else ()),
        )
    )


_WHEN = re.compile(
    r"condition|when|use when|trigger|applies|symptom|if\b|condicion|cuando|quand|wann|bedingung"
    r"|条件|场景|الشرط|متي"
)


def _condition(section: Section) -> str:
    """When this part is meant: said outright, or under a label like "Condition"."""
    intro = section.intro()
    for note in notes_of(intro):
        if note.label and note.text and _WHEN.match(fold(note.label)):
            return f"{note.label}: {note.text}" if is_condition(note.label) else note.text
    texts = [plain(block.text) for block in intro]
    for words in texts:
        if (text := condition_of(words)) and not names_one_of(words):
            return text.strip(" :\uff1a")
    return condition_of(without_time(plain(section.title))).strip(" :\uff1a")


def _estimates(section: Section, name: str) -> list[Estimate]:
    """Times an author gives for this way, in its heading or under a label."""
    timed = TIMED.search(section.title)
    texts = [(timed[1], section.line)] if timed else []
    notes = notes_of(section.intro())
    texts += [(note.text, note.line) for note in notes if part_of(note.label) is SectionKind.TIME]
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
