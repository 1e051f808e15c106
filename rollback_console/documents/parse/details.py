"""Everything in a plan that is not a step: read section by section into one collection."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from rollback_console.documents.model import (
    Action,
    Check,
    DataNotes,
    Decision,
    Estimate,
    MessageTemplate,
    Note,
)

from ..markdown.blocks import Block, BlockKind
from ..markdown.folded_text import bare_title, fold, plain, slug
from ..markdown.outline import Section
from ..shell.command_patterns import may_change
from ..vocabulary.labels import listed, minutes, notes_of, split_label
from ..vocabulary.languages import Meaning, any_of
from ..vocabulary.left_out import why_label_leaves_out
from ..vocabulary.remarks import is_warning
from ..vocabulary.section_names import SectionKind, is_follow_up
from .commands.fences import FenceText, read_fence
from .messages import message

_PRIMARY = re.compile(
    r"primary|decision[ -]?maker|decided by|approver|authori[sz]ed by|final call|owner|first"
    r"|lead\b|principal|responsable"
    r"|decideur|hauptverantwortlich|entscheider|primario|主要|负责人|决策者|决策人|الرئيسي|صاحب القرار|المسوول"
)
_ESCALATE = re.compile(
    r"escalat|secondary|back-?up|fallback|if unavailable|then|escalar|secundario|escalade"
    r"|suppleant|eskalation|vertretung"
    r"|升级|备用|上报|التصعيد|البديل|تصعيد"
)
_DECIDES = re.compile(any_of(Meaning.DECIDING))
_SPLIT = re.compile(
    r"(?<!\s)(?:\s++(?:or|then|y|o|ou|puis|et|oder|dann|und|and|او|أو|ثم)\s+|\s*+(?:[,;/→>、,]|->|=>|或者|或"
    r"|然后)\s*)"
)
_CLASS = re.compile(
    r"safe|danger|unsafe|destructive|requires?|reversible|irreversible|compatible|additive"
    r"|breaking|seguro|peligro"
    r"|sur\b|dangereu|sicher|gefahrlich|安全|危险|امن|خطر"
)
_LOSS = re.compile(r"loss|lose|lost|risk|perdida|perte|verlust|丢失|风险|فقدان")
_MIGRATION = re.compile(r"migrat|schema|迁移|ترحيل")


@dataclass(slots=True)
class Details:
    """What was collected, in source order."""

    triggers: list[Note] = field(default_factory=list)
    no_go: list[Note] = field(default_factory=list)
    primary: list[str] = field(default_factory=list)
    escalate_to: list[str] = field(default_factory=list)
    ladder: list[str] = field(default_factory=list)
    decision_notes: list[Note] = field(default_factory=list)
    preconditions: list[Check] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    estimates: list[Estimate] = field(default_factory=list)
    notify: list[Note] = field(default_factory=list)
    contacts: list[Note] = field(default_factory=list)
    messages: list[MessageTemplate] = field(default_factory=list)
    prevention: list[Note] = field(default_factory=list)
    classes: list[Note] = field(default_factory=list)
    losses: list[Note] = field(default_factory=list)
    data_notes: list[Note] = field(default_factory=list)

    def decision(self) -> Decision:
        ladder = self.escalate_to or self.ladder
        return Decision(tuple(self.primary), tuple(ladder), tuple(self.decision_notes))

    def data(self) -> DataNotes:
        return DataNotes(tuple(self.classes), tuple(self.losses), tuple(self.data_notes))


def take_section(details: Details, section: Section, part: SectionKind) -> None:
    """Read this section's own blocks (not its sub-sections) as `part`."""
    if part in _TAKE:
        _TAKE[part](details, section)


def _triggers(details: Details, section: Section) -> None:
    details.triggers += listed(section.blocks)


def _no_go(details: Details, section: Section) -> None:
    details.no_go += listed(section.blocks)


_SIGN_OFF = re.compile(
    r"sign-?off|approvals? (?:list|log|record|history)|reviewed by|signatures?|unterschrift|签字|firmas?\b"
)
_FAILED = re.compile(
    r"\b(?:fail(?:ed|s|ure)?|unsuccessful|not (?:successful|complete))\b.{0,20}(?:if|when|criteria)?$|abort (?:if|when|criteria)"
    r"|fallido|echoue|fehlgeschlagen|失败"
)


def _decision(details: Details, section: Section) -> None:
    if _SIGN_OFF.search(fold(section.title)):
        return  # who signed the document, not who decides
    details.primary += _deciders(section)
    for note in notes_of(section.blocks):
        label, text = (note.label, note.text) if note.label else split_label(note.text)
        words = fold(label) or (fold(section.title) if not details.primary else "")
        if label and _ESCALATE.search(words):
            details.escalate_to += _people(text)
        elif label and _names_decider(words):
            details.primary += [text]
        elif match := _OTHERWISE.match(note.text):
            details.escalate_to += _people(match["then"])
        elif not label and (match := _IN_TURN.match(note.text)):
            details.primary.append(match["first"])
            details.escalate_to.append(match["then"])
        elif _names_maker(section, note):
            details.primary += [note.text]
        else:
            details.decision_notes.append(note)


_ABSENT = (
    r"(?:(?:if|when|in case) [^:,]{0,30}(?:\bnot\b|n.t\b|\bun|\bnobody|\bno\b|asleep|away|absent|out of)[^:,]{0,60}"
    r"[:,]\s*|(?:wenn|falls|bei) [^:,]{0,40}nicht[^:,]{0,40}[:,]\s*|si (?:no|non|ne|n.)[^:,]{0,60}[:,]\s*"
    r"|(?:à défaut|sinon|ersatzweise|en su defecto|a falta de este)[, ]\s*)"
)
_OTHERWISE = re.compile(rf"{_ABSENT}(?P<then>[^.;]{{2,80}})\.?$", re.IGNORECASE)
_IN_TURN = re.compile(
    rf"(?P<first>[^.,:;]{{3,60}})[.,;]\s+{_ABSENT}(?P<then>[^.,;]{{2,60}})\.?$", re.IGNORECASE
)


def _deciders(section: Section) -> list[str]:
    """Whom a decision table names, each once, where a column says who."""
    people: list[str] = []
    for block in section.blocks:
        heads = [fold(cell) for cell in block.table[0][1]] if block.table else []
        for at in [at for at, head in enumerate(heads) if _WHO.search(head)][:1]:
            people += [plain(cells[at]) for _, cells in block.table[1:] if at < len(cells)]
    return [person for person in dict.fromkeys(people) if person]


_WHO = re.compile(
    r"\bwho\b|authority|decision[ -]?maker|decides|approver|approval|quien|autoridad|qui\b|wer\b"
    r"|决策人|负责人|من يقرر"
)


def _names_maker(section: Section, note: Note) -> bool:
    """A lone short line under "Decision maker" is that person."""
    short = len(note.text) < 60 and not note.text.endswith((".", ":"))
    return short and not note.label and _names_decider(fold(section.title))


def _names_decider(words: str) -> bool:
    return bool(_PRIMARY.search(words) or _DECIDES.search(words))


_NEXT = re.compile(
    r"^(?:and then|then|and|finally|luego|puis|ensuite|dann|danach)\s+", re.IGNORECASE
)


def _people(text: str) -> list[str]:
    people = (_NEXT.sub("", one.strip()) for one in _SPLIT.split(text))
    return [one for one in people if one]


def _preconditions(details: Details, section: Section) -> None:
    details.preconditions += _checks(section, "before", len(details.preconditions))
    for block in section.blocks:
        if block.kind is BlockKind.FENCE:
            shown = _fence_checks(section, read_fence(block), len(details.preconditions), "before")
            details.preconditions += shown


def _verification(details: Details, section: Section) -> None:
    if _FAILED.search(fold(section.title)):
        details.no_go += listed(section.blocks)
        return
    details.checks += _checks(section, "check", len(details.checks))
    for block in section.blocks:
        if block.kind is BlockKind.FENCE and not _is_labelled_away(section, block):
            details.checks += _fence_checks(section, read_fence(block), len(details.checks))


def _is_labelled_away(section: Section, block: Block) -> bool:
    """The line right above says that it is a file's content, an example, output."""
    at = section.blocks.index(block)
    above = plain(section.blocks[at - 1].text) if at else section.title
    return bool(why_label_leaves_out(above))


def _fence_checks(
    section: Section, fence: FenceText, taken: int, prefix: str = "check"
) -> list[Check]:
    """Each group of commands shows one thing; its remark says what. Only what a shell can
    run is kept as a command."""
    checks: list[Check] = []
    for group in fence.groups:
        shown = [c for c in group.commands if not re.match(r"echo\b|set -|#", c.text)]
        if not shown:
            continue
        shown_text = (
            group.remarks[-1].text if group.remarks else " ".join(shown[0].text.split())[:200]
        )
        text = re.sub(r"^(?:step )?\d+[.):]\s*", "", shown_text, flags=re.IGNORECASE)
        key = f"{prefix}-{taken + len(checks) + 1}-{slug(text)[:40]}"
        looks = prefix != "check" or not any(may_change(c.text) for c in shown)
        commands = tuple(shown) if fence.runnable and looks else ()
        checks.append(Check(key, text, shown[0].lines[0], section.title, commands))
    return checks


def _checks(section: Section, prefix: str, taken: int) -> list[Check]:
    return [
        Check(f"{prefix}-{at}-{slug(note.text)[:40]}", _said(note), note.line, section.title)
        for at, note in enumerate(_check_notes(section), taken + 1)
    ]


def _check_notes(section: Section) -> list[Note]:
    items = [b for b in section.blocks if b.kind in {BlockKind.ITEM, BlockKind.TABLE}]
    return [note for note in notes_of(items) if note.text]


def _said(note: Note) -> str:
    return f"{note.label}: {note.text}" if note.label else note.text


def _after(details: Details, section: Section) -> None:
    when = "follow_up" if is_follow_up(section.title) else "immediate"
    for block in section.blocks:
        if block.kind is BlockKind.FENCE and not read_fence(block).groups:
            _message_of(details, section.title, "\n".join(block.rows), block.first_row)
    for note in _check_notes(section) or listed(section.blocks):
        key = f"action-{len(details.actions) + 1}-{slug(note.text)[:40]}"
        details.actions.append(Action(key, _said(note), note.line, when))


def _time(details: Details, section: Section) -> None:
    for note in notes_of(section.blocks):
        label, text = (note.label, note.text) if note.label else split_label(note.text)
        low, high = minutes(text)
        if low is not None:
            kind = label or section.title
            details.estimates.append(Estimate(text, kind, low, high, note.line))


def _communication(details: Details, section: Section) -> None:
    for block in section.blocks:
        if block.kind is BlockKind.FENCE:
            _message_of(details, section.title, "\n".join(block.rows), block.first_row)
    details.notify += _check_notes(section)


def _message(details: Details, section: Section) -> None:
    fences = [block for block in section.blocks if block.kind is BlockKind.FENCE]
    for block in fences:
        _message_of(details, section.title, "\n".join(block.rows), block.first_row)
    quotes = [block for block in section.blocks if block.quoted] or [
        block for block in section.blocks if block.kind is BlockKind.PARAGRAPH
    ]
    if not fences and quotes:
        text = "\n".join(plain_lines(block) for block in quotes)
        _message_of(details, section.title, text, quotes[0].lines[0])


def plain_lines(block: Block) -> str:
    """A paragraph's text with its lines kept."""
    return "\n".join(plain(line) for line in block.text.split("\n"))


def _message_of(details: Details, name: str, text: str, line: int) -> None:
    details.messages.append(message(bare_title(name), text, line))


def _contacts(details: Details, section: Section) -> None:
    details.contacts += listed(section.blocks)
    if re.search(r"escal|eskal|升级|التصعيد", fold(section.title)):
        details.ladder += [name for block in section.blocks for name in _rungs(block)]


def _rungs(block: Block) -> list[str]:
    """Who stands on a rung of an escalation path, in its order."""
    if block.kind is BlockKind.TABLE:
        return [plain(cells[0]) for _, cells in block.table[1:] if cells and cells[0]]
    if block.kind is not BlockKind.ITEM or block.depth > 1:
        return []
    label, text = split_label(block.text)
    leveled = _LEVEL.match(fold(label))
    name = text if leveled or not label else label
    return [re.split(r"(?<!\s)\s++[-–—(]\s*", name)[0]] if name else []


_LEVEL = re.compile(
    r"(?:level|l|tier|nivel|niveau|stufe|级别|المستوي|p|sev) ?\d|first|second|third|primary"
    r"|secondary|after|then|\d"
)


def _prevention(details: Details, section: Section) -> None:
    for note in listed(section.blocks):
        label = note.label or section.title
        details.prevention.append(Note(note.text, note.line, label))


def _data(details: Details, section: Section) -> None:
    title = fold(section.title)
    for note in listed(section.blocks):
        if note.label and (_CLASS.search(fold(note.label)) or _MIGRATION.search(title)):
            details.classes.append(note)
        elif _LOSS.search(title) or is_warning(section.title) or _LOSS.search(fold(note.text)):
            details.losses.append(note)
        else:
            details.data_notes.append(note)


_TAKE: dict[SectionKind, Callable[[Details, Section], None]] = {
    SectionKind.TRIGGERS: _triggers,
    SectionKind.NO_GO: _no_go,
    SectionKind.DECISION: _decision,
    SectionKind.PRECONDITIONS: _preconditions,
    SectionKind.VERIFICATION: _verification,
    SectionKind.AFTER: _after,
    SectionKind.TIME: _time,
    SectionKind.COMMUNICATION: _communication,
    SectionKind.MESSAGE: _message,
    SectionKind.CONTACTS: _contacts,
    SectionKind.PREVENTION: _prevention,
    SectionKind.DATA: _data,
}
