"""Sections that say how to roll back, read into procedures of steps.

Headings named "Option", "Method", "Scenario" are ways of which one is taken; "Phase" and
"Stage" are parts of one way; "Step n" and numbered headings are its steps.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from rollback_console.documents.blocks import Block, BlockKind
from rollback_console.documents.carriers import is_plain_prose, steps_of_blocks
from rollback_console.documents.fold import bare_title, fold, fold_heading, plain, slug
from rollback_console.documents.labelled import minutes, notes_of
from rollback_console.documents.model import Estimate, MessageTemplate, Procedure, Step
from rollback_console.documents.outline import Section
from rollback_console.documents.sections import (
    Part,
    holds_several_ways,
    is_only_forward,
    part_of,
    speaks_of_going_back,
)
from rollback_console.documents.steps import Doubt, Found, step_from
from rollback_console.documents.words import (
    is_condition,
    is_fallback,
    is_preferred,
    is_warning,
    platform,
)

_STEP = re.compile(
    r"\W*(?:step|paso|etape|schritt|passo|passaggio|步骤|الخطوه"
    r"|خطوه)\s*#?\s*(\d{1,3})(?:\.\d+)*(?:\s*[:.)\-–—:\uff1a、]\s*|\s+|$)(.*)"
)
_COUNTED = re.compile(r"\W*(?:\d{1,2}\.)*(\d{1,3})\s*(?:[.):、]\s*|[-–—]\s+|\s+(?=[^\W\d]))(\D.*)")
_CHINESE_STEP = re.compile(r"\W*第\s*([一二三四五六七八九十\d]{1,3})\s*步\s*[:\uff1a、]?\s*(.*)")
_WAY = re.compile(
    r"\W*(?:\d[\d.]*[.)]?\s*)?(?:rollback\s+)?(?:option|method|scenario|level|procedure|strategy"
    r"|approach|alternative|plan|path|way|tier|case"
    r"|opcion|escenario|metodo|estrategia|methode|strategie|variante|szenario|方案|场景|方法|选项|الخيار"
    r"|السيناريو|الطريقه)"
    r"\s*(?:#\s*)?(?:\d{1,2}|[a-h]|[ivx]{1,4}|[一二三四五六])(?:\b|(?<=[一二三四五六]))"
)
_PHASE = re.compile(
    r"\W*(?:\d[\d.]*[.)]?\s*)?(?:phase|stage|part|fase|etapa|teil|partie|阶段"
    r"|المرحله)\s*(?:#\s*)?(?:\d{1,2}|[a-h]|[ivx]{1,4}|[一二三四五六])\b"
    r"|\W*第[一二三四五六\d]阶段"
)
_DIGITS = {digit: at for at, digit in enumerate("一二三四五六七八九十", 1)}

Elsewhere = Callable[[Section], None]


@dataclass(slots=True)
class Reading:
    """Procedures found, the doubts of each of their steps, and sections left to others."""

    procedures: list[Procedure] = field(default_factory=list)
    doubts: dict[str, list[Doubt]] = field(default_factory=dict)
    messages: list[MessageTemplate] = field(default_factory=list)
    estimates: list[Estimate] = field(default_factory=list)
    others: list[tuple[Section, Part]] = field(default_factory=list)
    keys: Counter[str] = field(default_factory=Counter)
    step_keys: Counter[str] = field(default_factory=Counter)


def is_step_heading(title: str) -> bool:
    """`Step 2: ...`, in any of the languages known."""
    folded = fold(title)
    return bool(_STEP.match(folded) or _CHINESE_STEP.match(folded))


def is_counted_heading(title: str) -> bool:
    """`2. ...` or `2) ...`: a step where steps are expected, a chapter elsewhere."""
    return bool(_COUNTED.match(fold(title)))


def is_way_heading(title: str) -> bool:
    """`Option A`, `Scenario 2`: one of several ways."""
    return bool(_WAY.match(fold(title)))


def is_phase_heading(title: str) -> bool:
    """`Phase 1`: a part of one way."""
    return bool(_PHASE.match(fold(title)))


def read_procedures(
    section: Section, reading: Reading, name: str = "", *, is_way: bool = False
) -> None:
    """Read `section` as one procedure or several, adding to `reading`; `is_way` when its
    author set it beside others to choose from."""
    name = name or _name_of(section.title)
    inside, ways = _sorted(section, reading)
    for way in ways:
        alone = is_way_heading(way.title) or speaks_of_going_back(way.title)
        own = _name_of(way.title)
        read_procedures(way, reading, own if alone else f"{name}: {own}", is_way=True)
    found = _found(section, inside, bool(ways))
    if found:
        _add(reading, section, name, found, is_way=is_way)


def read_steps(sections: Sequence[Section], reading: Reading, name: str, line: int) -> None:
    """Read sections that are steps themselves as one procedure of this name."""
    found = [step for section in sections for step in _steps_of(section)]
    if found:
        parent = Section(title=name, line=line)
        _add(reading, parent, name, found, is_way=True)


def _sorted(section: Section, reading: Reading) -> tuple[list[Section], list[Section]]:
    """Children that are steps or phases, and those that are ways; the rest is for others."""
    inside: list[Section] = []
    ways: list[Section] = []
    conditional = sum(is_condition(child.title) for child in section.children) > 1
    several = not is_way_heading(section.title) and _children_are_ways(section)
    for child in section.children:
        if is_step_heading(child.title) or is_phase_heading(child.title):
            inside.append(child)
        elif is_way_heading(child.title) or (conditional and is_condition(child.title)):
            ways.append(child)
        elif (other := _other_part(child)) is not None:
            reading.others.append((child, other))
        else:
            (ways if several or _holds_ways(child) else inside).append(child)
    return inside, ways


def _other_part(child: Section) -> Part | None:
    """The part of a plan this sub-section is, when it is none of the steps."""
    part = part_of(child.title)
    if part in {Part.STEPS, Part.UNKNOWN}:
        return None
    if part is Part.NEVER and is_only_forward(child.title):
        # "If the deployment fails" and "redeploy the old version" are said while going back.
        return None
    if part is Part.NEVER or (part is Part.ABOUT and not child.has_fence()):
        return part
    runs = child.has_fence() or is_counted_heading(child.title)
    if runs and part not in {Part.TRIGGERS, Part.NO_GO, Part.MESSAGE, Part.CONTACTS, Part.TIME}:
        return None
    return part


def _children_are_ways(section: Section) -> bool:
    """Whether unmarked (or merely counted) sub-headings are ways rather than steps."""
    ones = [c for c in section.children if not _is_marked(c) and _other_part(c) is None]
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


def _holds_ways(section: Section) -> bool:
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


def _found(section: Section, inside: Sequence[Section], has_ways: bool) -> list[Found]:
    own: list[Found] = []
    if not (is_plain_prose(section.blocks) and (inside or has_ways)):
        own = steps_of_blocks(section.title or "Rollback", section.line, section.blocks)
    if inside or has_ways:
        # Bullets above real steps introduce them; only what runs is a step itself.
        own = [one for one in own if one.step.commands or one.step.alternatives]
    return own + [step for child in inside for step in _steps_of(child)]


def _steps_of(section: Section) -> list[Found]:
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


def _grouped(found: Found, group: str) -> Found:
    return replace(found, step=replace(found.step, group=group))


def _heading_step(section: Section) -> Found:
    title = _step_title(section.title)
    return step_from(title, section.line, section.every_block())


def _step_title(title: str) -> str:
    title = bare_title(title)
    for pattern in (_AS_WRITTEN_STEP, _AS_WRITTEN_COUNT):
        match = pattern.match(title)
        rest = (match[match.lastindex or 0] or "").strip() if match and match.lastindex else ""
        if rest:
            return rest
    return title


_AS_WRITTEN_STEP = re.compile(
    r"\W*(?:(?i:step|paso|[eé]tape|schritt|passo|passaggio)|步骤|الخطوة"
    r"|خطوة)\s*#?\s*\d{1,3}(?:\.\d+)*\s*[:.)\-–—:\uff1a、]?\s*(.*)"
    r"|\W*第\s*[一二三四五六七八九十\d]{1,3}\s*步\s*[:\uff1a、]?\s*(.*)"
)
_AS_WRITTEN_COUNT = re.compile(r"\W*(?:\d{1,2}\.)*\d{1,3}\s*[.):、\-–—]*\s+(\D.*)")


def _number_of(title: str) -> int | None:
    folded = fold(title)
    match = _STEP.match(folded) or _COUNTED.match(folded)
    if match:
        return int(match[1])
    match = _CHINESE_STEP.match(folded)
    if match:
        return int(match[1]) if match[1].isdecimal() else _DIGITS.get(match[1])
    return None


def _add(
    reading: Reading, section: Section, name: str, found: list[Found], *, is_way: bool
) -> None:
    key = _unique(slug(name, "procedure"), reading.keys)
    steps = _numbered(section, [one.step for one in found], reading.step_keys)
    for step, one in zip(steps, found, strict=True):
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
    said = [section.title, *(plain(block.text) for block in intro)]
    return next((text.strip(" :\uff1a") for text in said if is_condition(text)), "")


def _estimates(section: Section, name: str, intro: Sequence[Block]) -> list[Estimate]:
    """Times an author gives for this way, in its heading or under a label."""
    timed = _TIMED.search(section.title)
    said = [(timed[1], section.line)] if timed else []
    said += [(n.text, n.line) for n in notes_of(intro) if part_of(n.label) is Part.TIME]
    found = [(text, line, *minutes(text)) for text, line in said]
    return [Estimate(t, name, low, high, line) for t, line, low, high in found if low is not None]


_TIMED = re.compile(r"[(\uff08]\s*([^()\uff08\uff09]*\d[^()\uff08\uff09]*)[)\uff09]\s*$")


def _is_ordered(section: Section) -> bool:
    counted = any(is_step_heading(c.title) or is_counted_heading(c.title) for c in section.children)
    return counted or any(b.number is not None or b.checkbox for b in section.blocks)


def _numbered(section: Section, steps: Sequence[Step], keys: Counter[str]) -> list[Step]:
    """Numbers as the author gave them while they count up, else 1, 2, 3; keys made unique."""
    titles = {child.line: child.title for child in section.walk() if child.line}
    given = [_number_of(titles.get(step.lines[0], "")) for step in steps]
    said = [number for number in given if number is not None]
    counts_up = len(said) == len(steps) and said == sorted(set(said))
    numbered = []
    for at, step in enumerate(steps):
        key = _unique(step.key, keys)
        number = said[at] if counts_up else at + 1
        numbered.append(replace(step, number=number, key=key))
    return numbered


def _unique(key: str, seen: Counter[str]) -> str:
    seen[key] += 1
    if seen[key] == 1:
        return key
    return _unique(f"{key}-{seen[key]}", seen)


def _name_of(title: str) -> str:
    """The heading without its number."""
    title = bare_title(title)
    title = _TIMED.sub("", title) if minutes(title)[0] is not None else title
    match = re.match(
        r"\W*(?:(?i:part|teil|partie|parte|section)\s+\w{1,3}\s*[:.\uff1a–-]\s*|[一二三四五六七八九十]+、)?"
        r"(?:\d+\.)*\d*[.)]?\s*(\D.*)",
        title,
    )
    return (match[1] if match else title).strip(" :\uff1a") or "Rollback"


def folded_name(procedure: Procedure) -> str:
    """The procedure's name for comparison."""
    return fold_heading(procedure.name)
