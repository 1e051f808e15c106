"""A document of a deployment as one list: what to tick in which window, who decides, who signs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rollback_console.documents.errors import UnreadableDocument

from ..markdown.blocks import parse
from ..markdown.folded_text import bare_title, fold, fold_heading
from ..markdown.outline import Section, outline
from ..markdown.source import decode, split_lines
from ..parse.header_fields import trailer_fields
from ..parse.limits import LINES, readable
from ..shell.hidden_characters import show_hidden_in_output
from ..vocabulary.labels import minutes
from . import kinds
from .lines import Line, asks_for_rollback, go_no_go, is_choice, lines_of, name_in, signer_of

TASK, GO_NO_GO, SIGN_OFF = "task", "go_no_go", "sign_off"
LONGEST = 300
MOST = 300
"""Items of one document. Nobody works through a longer list."""

_SIGN_OFF = re.compile(
    r"(?:final |required )?(?:sign[- ]?offs?|signatures?|signed by|approvals?|firmas?|aprobacion(?:es)?)"
    r"(?: (?:and|&|by|of) .*)?"
)
_SIGNED_BY = re.compile(r"sign(?:ed)?[- ]?off(?: by| of)?\s*:?\s+(?:the )?(.+)", re.IGNORECASE)
_NUMBER = re.compile(r"\s*\d{1,2}(?:\.\d{1,2})*[.)]\s+")
_NAMED_SPAN = {"day": 1440.0, "week": 10080.0, "month": 43200.0, "hour": 60.0}
_FIRST = re.compile(r"\b(?:first|within|up to|primer\w*)\b")
_TIME = re.compile(r"\d\s*(?:[-–—]|to|and|s\b|sec|m\b|min|h\b|hr|hour|hora|d\b|day|week|wk)")


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """One entry: `kind` is TASK, GO_NO_GO or SIGN_OFF.

    `opens` and `due` are minutes after the deployment ended, None without a window. `role` signs
    or decides, as `name` where the document names somebody.
    """

    kind: str
    section: str
    text: str
    line: int
    opens: int | None = None
    due: int | None = None
    role: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    """What a document asks for; `asks_for_rollback` when it ends in that question."""

    kind: str
    title: str
    source: str
    lines: tuple[ChecklistLine, ...]
    asks_for_rollback: bool


def read_kind(data: bytes | str) -> str:
    """Which document it is, as kinds.kind_of has it. Raises UnreadableDocument."""
    return kinds.kind_of(_outline(decode(data)[0]))


def read_checklist(data: bytes | str, *, kind: str = "") -> Checklist:
    """The list in a document, of the kind that a person says or that its title tells.

    Raises UnreadableDocument for what `markdown.source.decode` refuses, a title that does not
    tell, a rollback plan, and a document without anything to do.
    """
    text, _ = decode(data)
    root = _outline(text)
    kind = kind or kinds.kind_of(root)
    if kind not in kinds.TITLES:
        raise UnreadableDocument(_unknown(kind))
    lines = tuple(_lines(root, kind))
    if not lines:
        raise UnreadableDocument(
            f"This {kinds.TITLES[kind].lower()} holds nothing to tick. Write each item as"
            " `- [ ] item`."
        )
    if len(lines) > MOST:
        raise UnreadableDocument(f"A list holds at most {MOST} items. Split this document.")
    asks = kind == kinds.POST and any(asks_for_rollback(each) for each in _texts(root))
    title = show_hidden_in_output(kinds.title_of(root))[:200] or kinds.TITLES[kind]
    return Checklist(kind, title, text, lines, asks)


def _unknown(kind: str) -> str:
    if kind == kinds.ROLLBACK:
        return "This is a rollback plan. Import it as a plan."
    names = ", ".join(kinds.TITLES.values())
    return f"The title does not tell which document this is. Choose it, or call it one of: {names}."


def _outline(text: str) -> Section:
    lines = split_lines(text)
    if readable(lines) < len(lines):
        raise UnreadableDocument(f"A document has at most {LINES:,} lines. Split this one.")
    return outline(parse(lines))


def _texts(root: Section) -> Iterator[str]:
    for section in root.walk():
        yield section.title
        for block in section.blocks:
            yield from (line.text for line in lines_of(block))


def _lines(root: Section, kind: str) -> Iterator[ChecklistLine]:
    boxed = any(
        line.box for section in root.walk() for block in section.blocks for line in lines_of(block)
    )
    windows: dict[int, tuple[int, int] | None] = {}
    decided = False
    for section, above in _with_parents(root, None):
        window = _window(section.title) or windows.get(id(above))
        windows[id(section)] = window
        # A monitoring plan has no boxes: what is due lies in its schedule.
        all_items = window is not None if kind == kinds.MONITORING else not boxed
        all_items = all_items and kind != kinds.PLAN
        for each in _of_section(section, kind, window, all_items):
            if each.kind == GO_NO_GO and decided:
                continue
            decided = decided or each.kind == GO_NO_GO
            yield each


def _with_parents(
    section: Section, above: Section | None
) -> Iterator[tuple[Section, Section | None]]:
    waiting = [(section, above)]
    while waiting:
        one, parent = waiting.pop()
        yield one, parent
        waiting += [(child, one) for child in reversed(one.children)]


def _of_section(
    section: Section, kind: str, window: tuple[int, int] | None, all_items: bool
) -> Iterator[ChecklistLine]:
    opens, due = window or (None, None)
    name = _shown(_NUMBER.sub("", section.title))
    if kind == kinds.PRE and go_no_go(section.title) and section.level > 1:
        yield ChecklistLine(GO_NO_GO, name, name, section.line)
    blocks = [block for block in section.blocks if not trailer_fields(block)]
    lines = [line for block in blocks for line in lines_of(block)]
    if _SIGN_OFF.fullmatch(fold_heading(section.title)):
        yield from _signatures(lines, name)
        return
    for line in lines:
        if kind == kinds.PRE and go_no_go(line.text):
            _, _, value = line.text.partition(":")
            yield ChecklistLine(GO_NO_GO, name, "Go / no-go", line.line, name=name_in(value))
        elif line.box and (by := _SIGNED_BY.fullmatch(line.text)):
            yield from _signatures([replace(line, text=f"{by[1].partition(':')[0]}:")], name)
        elif (line.box or (all_items and line.listed)) and _is_task(line.text):
            yield ChecklistLine(TASK, name, _shown(line.text), line.line, opens, due)


def _is_task(text: str) -> bool:
    return bool(bare_title(text)) and not is_choice(text) and not asks_for_rollback(text)


def _signatures(lines: Iterable[Line], section: str) -> Iterator[ChecklistLine]:
    for line in lines:
        role, name = signer_of(line)
        if role:
            text = f"Sign-off of {_shown(role)}"
            yield ChecklistLine(SIGN_OFF, section, text, line.line, role=_shown(role), name=name)


def _window(title: str) -> tuple[int, int] | None:
    """From which minute until which, as a heading such as `(15-30 min)` says it."""
    folded = fold(title)
    low, high = minutes(title) if _TIME.search(folded) else (None, None)
    if low is None or high is None:
        unit = re.search(r"\bfirst (day|week|month|hour)\b", folded)
        return (0, int(_NAMED_SPAN[unit[1]])) if unit else None
    low = 0.0 if low == high and _FIRST.search(folded) else low
    return (int(low), min(round(high), 525_600)) if low < high else None


def _shown(text: str) -> str:
    """As a page may show it: one line, nothing hidden, not longer than a row holds."""
    return show_hidden_in_output(bare_title(text))[:LONGEST]
