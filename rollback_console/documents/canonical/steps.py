"""A procedure and its steps, read from pieces."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rollback_console.documents.errors import NotCanonical
from rollback_console.documents.model import (
    Alternative,
    Command,
    Procedure,
    Step,
    StepKind,
    StepSettings,
)

from ..edit.fence_attributes import NAMES, parse_info, settings_of
from ..markdown.folded_text import slug
from .commands import SHELLS, read_commands
from .layout import OF_A_WAY
from .pieces import Cursor, Piece, PieceKind

_STEP = re.compile(r"Step ([1-9]\d{0,3}): (\S.*)")
_WAY = re.compile(r"One of: (\S.*)")
_KINDS = {kind.value: kind for kind in (StepKind.VERIFY, StepKind.MANUAL, StepKind.GATE)}
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_ONCE = ("Only if", "Undo", "Kind", "Phase", "Time", "Settings")
_CHOOSE = {"first": "preferred", "last": "fallback"}


@dataclass(slots=True)
class StepKeys:
    """Keys of steps: one for each title, and one for steps that are written out alike."""

    seen: Counter[str] = field(default_factory=Counter)
    steps: dict[Step, Step] = field(default_factory=dict)

    def keyed(self, step: Step) -> Step:
        """The step with its key; one that another procedure has too, word for word, is that."""
        bare = _bare(step)
        if bare not in self.steps:
            base = slug(step.title, "step")
            self.seen[base] += 1
            count = self.seen[base]
            key = base if count == 1 else f"{base}-{count}"
            self.steps[bare] = replace(step, key=key)
        return self.steps[bare]


def _bare(step: Step) -> Step:
    """The step without where it stands."""

    def bare(commands: tuple[Command, ...]) -> tuple[Command, ...]:
        return tuple(replace(one, lines=(0, 0), fence=0) for one in commands)

    ways = tuple(replace(one, commands=bare(one.commands)) for one in step.alternatives)
    return replace(
        step, key="", lines=(0, 0), fence=0, commands=bare(step.commands), alternatives=ways
    )


def read_procedure(cursor: Cursor, heading: Piece, keys: StepKeys) -> Procedure:
    """The procedure under `heading`, whose key is still empty. Raises NotCanonical."""
    condition = ""
    warnings: list[str] = []
    for line in cursor.take(PieceKind.LINE):
        if line.name == "Use when" and not condition and not warnings:
            condition = line.text
        elif line.name == "Warning":
            warnings.append(line.text)
        else:
            raise NotCanonical(
                line.line,
                f"“{line.name}” has no place here: a procedure begins with one “Use when:” and "
                "any number of “Warning:”.",
            )
    steps: list[Step] = []
    while title := cursor.heading(3):
        steps.append(keys.keyed(_read_step(cursor, title, steps)))
    if not steps:
        raise cursor.refuse("A procedure", "“### Step 1: ...”")
    name = heading.text.removeprefix("Procedure: ").strip()
    return Procedure(
        "", name, tuple(steps), heading.line, condition, ordered=True,
        warnings=tuple(warnings),
    )  # fmt: skip


def _read_step(cursor: Cursor, heading: Piece, before: Sequence[Step]) -> Step:
    match = _STEP.fullmatch(heading.text)
    if match is None:
        raise NotCanonical(heading.line, "a step's heading reads “### Step 1: TITLE”.")
    number = int(match[1])
    if before and number <= before[-1].number:
        raise NotCanonical(heading.line, f"the steps count up, but step {number} comes again.")
    draft = _StepDraft(cursor, heading, number, match[2])
    return draft.read()


@dataclass(slots=True)
class _StepDraft:
    cursor: Cursor
    heading: Piece
    number: int
    title: str
    lines: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    instructions: list[str] = field(default_factory=list)
    fences: list[Piece] = field(default_factory=list)
    alternatives: list[Alternative] = field(default_factory=list)
    expected: str = ""

    def read(self) -> Step:
        for piece in self.cursor.take(PieceKind.LINE, PieceKind.FENCE):
            self._take_line(piece) if piece.kind is PieceKind.LINE else self._take_fence(piece)
        kind = self._kind(has_ways=self._next_is_way())
        runs = kind in {StepKind.COMMAND, StepKind.VERIFY}
        while self._next_is_way():
            self.alternatives.append(self._way(runs=runs))
        if runs:
            _check_fences(self.fences, "a step that runs has one fence: put its commands together.")
        commands = tuple(c for each in self.fences for c in read_commands(each, runs=runs))
        return self._step(kind, commands)

    def _take_line(self, piece: Piece) -> None:
        if self.fences:
            raise NotCanonical(piece.line, f"“{piece.name}:” stands above the commands of a step.")
        if piece.name == "Warning":
            self.warnings.append(piece.text)
        elif piece.name == "Do":
            self.instructions.append(piece.text)
        elif piece.name in _ONCE and piece.name not in self.lines:
            self.lines[piece.name] = piece.text
        else:
            raise NotCanonical(
                piece.line,
                f"“{piece.name}:” has no place in a step, or stands there twice. Known are "
                f"{', '.join((*_ONCE, 'Warning', 'Do'))}.",
            )

    def _take_fence(self, piece: Piece) -> None:
        if (piece.name, piece.text) == ("text", "expected"):
            self._expect(piece)
        elif piece.name == "text" and not piece.text:
            self.instructions.append("\n".join(piece.rows))
        else:
            self.fences.append(piece)

    def _expect(self, piece: Piece) -> None:
        if self.expected:
            raise NotCanonical(piece.line, "a step has one fence of expected output.")
        self.expected = "\n".join(piece.rows)

    def _next_is_way(self) -> bool:
        piece = self.cursor.piece
        return bool(piece and piece.kind is PieceKind.HEADING and piece.level == 4)

    def _kind(self, *, has_ways: bool) -> StepKind:
        named = self.lines.get("Kind", "")
        if named and named not in _KINDS:
            line = self.heading.line
            raise NotCanonical(line, f"“Kind: {named}” is unknown: write {', '.join(_KINDS)}.")
        usual = StepKind.COMMAND if self.fences or has_ways else StepKind.MANUAL
        return _KINDS.get(named, usual)

    def _way(self, *, runs: bool) -> Alternative:
        heading = self.cursor.heading(4)
        match = _WAY.fullmatch(heading.text) if heading else None
        if heading is None or match is None:
            raise self.cursor.refuse("A step", "“#### One of: NAME”")
        condition, marks = "", {"preferred": False, "fallback": False}
        for piece in self.cursor.take(PieceKind.LINE):
            if piece.name == "Only if" and not condition:
                condition = piece.text
            elif piece.name == "Choose" and piece.text in _CHOOSE:
                marks[_CHOOSE[piece.text]] = True
            else:
                raise NotCanonical(
                    piece.line, "one of several has “Only if:” and “Choose: first” or “last” alone."
                )
        fences = []
        for piece in self.cursor.take(PieceKind.FENCE):
            self._expect(piece) if piece.text == "expected" else fences.append(piece)
        if runs:
            _check_fences(fences, "one of several has one fence.")
        settings = _read_settings(fences[0].line, fences[0].text) if fences else ({}, False)
        if settings[0].keys() - {*OF_A_WAY} or settings[1]:
            raise NotCanonical(
                fences[0].line,
                f"one of several may say {', '.join(OF_A_WAY)}; the rest is said of the step.",
            )
        commands = tuple(c for each in fences for c in read_commands(each, runs=runs))
        return Alternative(
            match[1], commands, condition, **marks, settings=settings_of(settings[0])
        )

    def _step(self, kind: StepKind, commands: tuple[Command, ...]) -> Step:
        settings, destructive = self._settings()
        return Step(
            number=self.number,
            key="",
            title=self.title,
            kind=kind,
            lines=(self.heading.line, self.cursor.pieces[self.cursor.at - 1].last),
            commands=commands,
            alternatives=tuple(self.alternatives),
            condition=self.lines.get("Only if", ""),
            destructive=destructive,
            warnings=tuple(self.warnings),
            instructions=tuple(self.instructions),
            estimate=self.lines.get("Time", ""),
            expected=self.expected,
            group=self.lines.get("Phase", ""),
            fence=self.fences[0].line if self.fences else 0,
            settings=replace(settings, undo=self.lines.get("Undo", "")),
        )

    def _settings(self) -> tuple[StepSettings, bool]:
        line = self.lines.get("Settings", "")
        if line and self.fences:
            raise NotCanonical(
                self.heading.line, "settings stand on the step's fence, where it has one."
            )
        text = self.fences[0].text if self.fences else line
        attributes, destructive = _read_settings(
            self.fences[0].line if self.fences else self.heading.line, text
        )
        return settings_of(attributes), destructive


def _check_fences(fences: Sequence[Piece], too_many: str) -> None:
    """Raise NotCanonical unless what runs is one fence, of a shell."""
    if len(fences) > 1:
        raise NotCanonical(fences[1].line, too_many)
    if fences and fences[0].name not in SHELLS:
        raise NotCanonical(
            fences[0].line,
            f"no shell runs {fences[0].name}: write the command that runs it in a bash fence, or "
            "“Kind: manual” above it for what a person does.",
        )


def _read_settings(line: int, text: str) -> tuple[dict[str, str], bool]:
    """The attributes of a fence but `destructive`, and whether that is there."""
    info = parse_info(f"bash {text}")
    if info.problems:
        raise NotCanonical(line, info.problems[0])
    attributes = dict(info.attributes)
    names = {word.partition("=")[0] for word in _QUOTED.sub("", text).split()}
    if unknown := names - {*NAMES} | names & {"undo", "condition"}:
        known = ", ".join(name for name in NAMES if name not in {"undo", "condition"})
        why = f"there is no attribute {min(unknown)} here. Known are {known}; undo is “Undo:”."
        raise NotCanonical(line, why)
    destructive = attributes.pop("destructive", None) is not None
    return attributes, destructive
