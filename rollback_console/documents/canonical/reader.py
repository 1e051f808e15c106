"""The strict reader: a canonical text as a document, or the line and reason why it is none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any

from rollback_console.documents.errors import NotCanonical, UnreadableDocument
from rollback_console.documents.model import (
    Action,
    Check,
    Command,
    DataNotes,
    Decision,
    Estimate,
    FrontMatter,
    MappedLines,
    Note,
    PlacedCommand,
    PlanDocument,
    Procedure,
    Relation,
    RelationKind,
    Role,
    Step,
)

from ..lint.rules import findings_of
from ..markdown.folded_text import slug
from ..markdown.front_matter import read_front_matter
from ..markdown.source import decode, split_lines
from ..parse.header_fields import Field
from ..parse.messages import message
from ..placeholders.collect import commands_of, placeholders_of
from ..plan_config import read_plan_config
from ..shell.command_patterns import destroys
from . import layout
from .commands import read_commands
from .pieces import Cursor, Piece, PieceKind, read_pieces
from .spelling import spell
from .steps import StepKeys, read_procedure

_ESTIMATE = re.compile(r"(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))? minutes?")


def is_canonical(text: str) -> bool:
    """Whether a text says that it is canonical: `plan:` and a number in its front matter."""
    if "plan:" not in text[: 16 * 1024]:
        return False
    return type(read_front_matter(split_lines(text)).values.get("plan")) is int


def read_canonical(data: bytes | str) -> PlanDocument:
    """The document that a canonical text is. Raises NotCanonical with line and reason."""
    return _read(data, strict=True)


def parse_canonical(data: bytes | str) -> PlanDocument:
    """The same, whatever its blank lines and the order of its sections."""
    return _read(data, strict=False)


def tidy_canonical(text: str) -> str:
    """The canonical text of one that is not for its layout alone. Raises NotCanonical."""
    return spell(parse_canonical(text))


def tidied(text: str) -> str:
    """An edited text: a canonical one as it belongs, any other (and one that is not canonical
    for more than its layout) as it is."""
    try:
        return tidy_canonical(text) if is_canonical(text) else text
    except UnreadableDocument:
        return text  # reading it says why, with the line


def _read(data: bytes | str, *, strict: bool) -> PlanDocument:
    text, encoding = decode(data)
    if encoding != "utf-8" or "\r" in text:
        why = "a canonical plan is UTF-8 without a byte order mark, and its lines end in LF."
        raise NotCanonical(1, why)
    rows = split_lines(text)
    head = read_front_matter(rows)
    _check_head(head)
    cursor = Cursor(list(read_pieces(rows, head.lines[1] if head.lines else 0)))
    return _Reader(text, head, cursor, strict).read()


def _check_layout(document: PlanDocument) -> None:
    """Raise NotCanonical where the text is not what would be written of it."""
    rows, expected = split_lines(document.source), split_lines(spell(document))
    for line, (row, other) in enumerate(zip_longest(rows, expected, fillvalue=""), start=1):
        if row != other:
            named = f"“{other[:80]}”" if other.strip() else "a blank line or the end"
            actual = f"“{row[:80]}”" if row.strip() else "a blank line or the end"
            raise NotCanonical(line, f"the canonical form has {named} here, not {actual}.")
    if len(rows) != len(expected):
        raise NotCanonical(len(rows), "the text ends with one line break after its last line.")


def _with_marks(document: PlanDocument) -> PlanDocument:
    """A command that destroys makes its step destructive, whether or not its fence says so."""
    return replace(
        document,
        procedures=tuple(
            replace(one, steps=tuple(map(_with_mark, one.steps))) for one in document.procedures
        ),
    )


def _with_mark(step: Step) -> Step:
    destructive = any(destroys(command.text) for command in commands_of(step))
    return replace(step, destructive=True) if destructive else step


def _check_head(head: FrontMatter) -> None:
    if head.error:
        raise NotCanonical(1, f"the front matter cannot be read: {head.error}.")
    if head.values.get("plan") != layout.VERSION or head.values.get("plan") is True:
        raise NotCanonical(1, f"the front matter says “plan: {layout.VERSION}” first.")
    if unknown := [name for name in head.values if name not in layout.HEAD_NAMES]:
        known = ", ".join(layout.HEAD_NAMES)
        raise NotCanonical(1, f"the front matter has no “{unknown[0]}”. Known are {known}.")
    document = PlanDocument("", front_matter=head)
    if problems := read_plan_config(document).problems:
        raise NotCanonical(1, f"front matter: {problems[0]}")


@dataclass(slots=True)
class _Reader:
    text: str
    head: FrontMatter
    cursor: Cursor
    strict: bool
    fields: list[Field] = field(default_factory=list)
    lists: dict[str, list[Any]] = field(default_factory=dict)
    keys: StepKeys = field(default_factory=StepKeys)
    procedure_keys: Counter[str] = field(default_factory=Counter)

    def read(self) -> PlanDocument:
        title = self.cursor.heading(1)
        if title is None:
            raise self.cursor.refuse("A plan", "“# TITLE” below the front matter")
        for piece in self.cursor.take(PieceKind.FIELD):
            label = piece.name
            self.fields.append(
                Field(layout.FIELDS.get(label, label), label, piece.text, piece.line)
            )
        while heading := self.cursor.heading(2):
            self._section(heading)
        if self.cursor.piece:
            raise self.cursor.refuse("A plan", "sections (“## ...”)")
        return self._document(title.text)

    def _section(self, heading: Piece) -> None:
        if heading.text.startswith("Procedure: "):
            procedure = read_procedure(self.cursor, heading, self.keys)
            self._add("procedures", self._keyed(procedure))
        elif heading.text in _SECTIONS:
            _SECTIONS[heading.text](self)
        else:
            known = ", ".join(("Procedure: NAME", *_SECTIONS))
            raise NotCanonical(
                heading.line, f"there is no section “{heading.text}”. Known are {known}."
            )

    def _keyed(self, procedure: Procedure) -> Procedure:
        """With its key; one whose steps all stand in another leaves out the rest of that one."""
        base = slug(procedure.name, "procedure")
        self.procedure_keys[base] += 1
        count = self.procedure_keys[base]
        before = {step.key for one in self._get("procedures") for step in one.steps}
        derived = all(step.key in before for step in procedure.steps)
        key = base if count == 1 else f"{base}-{count}"
        return replace(procedure, key=key, derived=derived)

    def _add(self, name: str, *values: Any) -> None:
        self.lists.setdefault(name, []).extend(values)

    def _get(self, name: str) -> tuple[Any, ...]:
        return tuple(self.lists.get(name, ()))

    def parts(self, *names: str) -> Iterator[Piece]:
        """The sub-headings of a section; of these names when there are any."""
        while heading := self.cursor.heading(3):
            if names and heading.text not in names:
                raise NotCanonical(
                    heading.line, f"there is no “{heading.text}” here, only {', '.join(names)}."
                )
            yield heading

    def notes(self) -> Iterator[Note]:
        """Items, each with the label it begins with."""
        for piece in self.cursor.take(PieceKind.ITEM):
            label, text = _labelled(piece.text)
            yield Note(text, piece.line, label)

    def boxes(self) -> Iterator[tuple[Piece, tuple[Command, ...]]]:
        """Items with a box, each with the commands under it."""
        for piece in self.cursor.take(PieceKind.BOX):
            fences = list(self.cursor.take(PieceKind.FENCE))
            yield piece, tuple(c for each in fences for c in read_commands(each, runs=False))

    # The sections.

    def decision(self) -> None:
        for part in self.parts(layout.TRIGGERS, layout.NO_GO, layout.MAKERS):
            notes = list(self.notes())
            if part.text == layout.MAKERS:
                for note in notes:
                    name = {"Primary": "primary", "Escalate to": "escalate_to"}.get(note.label)
                    self._add(name or "decision_notes", note.text if name else note)
            else:
                self._add("triggers" if part.text == layout.TRIGGERS else "no_go", *notes)

    def before(self) -> None:
        self._checks("preconditions", "before")

    def verification(self) -> None:
        self._checks("checks", "check")

    def _checks(self, name: str, prefix: str) -> None:
        for part in self.parts():
            for piece, commands in self.boxes():
                key = f"{prefix}-{len(self._get(name)) + 1}-{slug(piece.text)[:40]}"
                self._add(name, Check(key, piece.text, piece.line, part.text, commands))

    def after(self) -> None:
        when = {title: name for name, title in layout.WHEN.items()}
        for part in self.parts(*when):
            for piece, commands in self.boxes():
                key = f"action-{len(self._get('actions')) + 1}-{slug(piece.text)[:40]}"
                self._add("actions", Action(key, piece.text, piece.line, when[part.text], commands))

    def data(self) -> None:
        for part in self.parts(layout.CLASSES, layout.LOSSES, layout.DATA_NOTES):
            self._add(part.text, *self.notes())

    def time(self) -> None:
        for note in self.notes():
            match = _ESTIMATE.fullmatch(note.text)
            low, high = (float(match[1]), float(match[2] or match[1])) if match else (None, None)
            self._add("estimates", Estimate(note.text, note.label, low, high, note.line))

    def communication(self) -> None:
        for part in self.parts():
            if part.text in {layout.NOTIFY, layout.CONTACTS}:
                self._add(part.text.lower(), *self.notes())
            elif part.text.partition(":")[0] == layout.MESSAGE:
                self._message(part)
            else:
                names = f"{layout.NOTIFY}, {layout.CONTACTS}, {layout.MESSAGE}"
                raise NotCanonical(part.line, f"there is no “{part.text}” here, only {names}.")

    def _message(self, part: Piece) -> None:
        name = part.text.partition(": ")[2] or layout.MESSAGE
        fences = list(self.cursor.take(PieceKind.FENCE))
        if len(fences) != 1:
            raise NotCanonical(part.line, "a message is one fence under its heading.")
        self._add("messages", message(name, "\n".join(fences[0].rows), fences[0].line + 1))

    def prevention(self) -> None:
        for part in self.parts():
            self._add(
                "prevention",
                *(Note(p.text, p.line, part.text) for p in self.cursor.take(PieceKind.ITEM)),
            )

    def left_out(self) -> None:
        reason = ""
        for piece in self.cursor.take(PieceKind.FOLD, PieceKind.FENCE, PieceKind.FOLD_END):
            if piece.kind is PieceKind.FOLD:
                reason = piece.text or reason
            elif piece.kind is PieceKind.FENCE:
                text = "\n".join(piece.rows)
                lines = (piece.line + 1, max(piece.last - 1, piece.line + 1))
                self._add("left_out", PlacedCommand(text, lines, Role.LEFT_OUT, reason=reason))

    # The whole.

    def _document(self, title: str) -> PlanDocument:
        named = {one.key: one.value for one in self.fields if one.value.strip("_ .")}
        values = {
            name: str(self.head.values.get(name) or named.get(name, ""))
            for name in layout.FIELDS.values()
        }
        document = PlanDocument(
            source=self.text,
            title=title,
            service=values["service"],
            environment=values["environment"],
            date=values["date"],
            lead=values["lead"],
            fields={one.label: one.value for one in self.fields},
            front_matter=self.head,
            procedures=self._get("procedures"),
            triggers=self._get("triggers"),
            no_go=self._get("no_go"),
            decision=Decision(*map(self._get, ("primary", "escalate_to", "decision_notes"))),
            preconditions=self._get("preconditions"),
            checks=self._get("checks"),
            actions=self._get("actions"),
            estimates=self._get("estimates"),
            notify=self._get("notify"),
            contacts=self._get("contacts"),
            messages=self._get("messages"),
            prevention=self._get("prevention"),
            data=DataNotes(*map(self._get, (layout.CLASSES, layout.LOSSES, layout.DATA_NOTES))),
            relations=tuple(_relations(self._get("procedures"))),
            commands=self._get("left_out"),
        )
        if self.strict:
            _check_layout(document)
        document = _with_marks(document)
        document = replace(
            document,
            placeholders=placeholders_of(document, self.fields),
            commands=(*_placed(document), *document.commands),
            mapped=tuple(self._mapped(document)),
        )
        return replace(document, findings=findings_of(document, {}, self.fields))

    def _mapped(self, document: PlanDocument) -> Iterator[MappedLines]:
        """Every line that is not blank: those of steps, and everything else as the author's."""
        if self.head.lines:
            yield MappedLines("front matter", self.head.lines)
        steps = [
            (step.lines, f"{procedure.key}/{step.key}")
            for procedure in document.procedures
            for step in procedure.steps
        ]
        inside = {n for (first, last), _ in steps for n in range(first, last + 1)}
        for piece in self.cursor.pieces:
            if piece.line not in inside:
                yield MappedLines(piece.kind.name.lower(), (piece.line, piece.last))
        for lines, ref in steps:
            yield MappedLines("step", lines, ref)


_SECTIONS: Mapping[str, Callable[[_Reader], None]] = {
    layout.DECISION: _Reader.decision,
    layout.BEFORE: _Reader.before,
    layout.DATA: _Reader.data,
    layout.VERIFICATION: _Reader.verification,
    layout.AFTER: _Reader.after,
    layout.TIME: _Reader.time,
    layout.COMMUNICATION: _Reader.communication,
    layout.PREVENTION: _Reader.prevention,
    layout.LEFT_OUT: _Reader.left_out,
}

_LABEL = re.compile(r"\*\*([^*]+)\*\*: (\S.*)")


def _labelled(text: str) -> tuple[str, str]:
    match = _LABEL.fullmatch(text)
    return (match[1], match[2]) if match else ("", text)


def _relations(procedures: tuple[Procedure, ...]) -> Iterator[Relation]:
    """Procedures are ways, steps of one are in order: a canonical text leaves nothing open."""
    if len(procedures) > 1:
        lines = (procedures[0].line, procedures[-1].steps[-1].lines[1])
        yield Relation(RelationKind.WAYS, tuple(one.key for one in procedures), lines)
    for one in procedures:
        yield Relation(
            RelationKind.ORDER,
            tuple(step.key for step in one.steps),
            (one.line, one.steps[-1].lines[1]),
        )


def _placed(document: PlanDocument) -> Iterator[PlacedCommand]:
    for check in document.preconditions:
        for one in check.commands:
            yield PlacedCommand(one.text, one.lines, Role.PRECONDITION, step=check.key)
    for procedure in document.procedures:
        for step in procedure.steps:
            for one in commands_of(step):
                yield PlacedCommand(one.text, one.lines, Role.STEP, procedure.key, step.key)
    for check in document.checks:
        for one in check.commands:
            yield PlacedCommand(one.text, one.lines, Role.CHECK, step=check.key)
    for action in document.actions:
        for one in action.commands:
            yield PlacedCommand(one.text, one.lines, Role.ACTION, step=action.key)
