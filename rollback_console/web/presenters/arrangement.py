"""An arrangement as its page shows it: the author's lines with what each became, and the parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rollback_console.documents.canonical.layout import spell_settings
from rollback_console.documents.markdown.source import split_lines
from rollback_console.documents.model import (
    Finding,
    PlanDocument,
    Procedure,
    ReadingQuestion,
    Severity,
    Step,
    StepKind,
)
from rollback_console.documents.placeholders.collect import commands_of
from rollback_console.plans.acknowledgement import ListedFinding

ROLES = {
    "step": "step of the rollback",
    "precondition": "checked before",
    "check": "checked afterwards",
    "action": "done afterwards",
    "message": "sent to people",
    "left-out": "left out",
}
"""What a block can be, as a page says it."""

KINDS = {
    StepKind.COMMAND: "runs",
    StepKind.VERIFY: "runs and only looks",
    StepKind.MANUAL: "done by hand",
    StepKind.GATE: "waits for a person",
}


@dataclass(frozen=True, slots=True)
class ArrangedLine:
    """One line of the author's text; `role` and `anchor` are "" for what became no part."""

    number: int
    text: str
    role: str
    anchor: str

    @property
    def own(self) -> str:
        """The line's own id."""
        return f"L{self.number}"


@dataclass(frozen=True, slots=True)
class StepCard:
    """A step of one way. `place` is its 1-based place; `up` and `down` are the keys before which
    it goes to move by one ("" for the end), None where it cannot."""

    step: Step
    way: Procedure
    place: int
    up: str | None
    down: str | None
    splits: tuple[int, ...]
    settings: str
    attributes: str

    @property
    def anchor(self) -> str:
        """The id of the card on the page."""
        return f"{self.way.key}-{self.step.key}"

    @property
    def warnings(self) -> str:
        """The warnings, one a line."""
        return "\n".join(self.step.warnings)

    @property
    def last(self) -> bool:
        """Whether no step follows in this way."""
        return self.down is None


@dataclass(frozen=True, slots=True)
class WayCards:
    """A way to roll back with its cards."""

    procedure: Procedure
    first: bool
    cards: tuple[StepCard, ...]

    @property
    def warnings(self) -> str:
        """The warnings, one a line."""
        return "\n".join(self.procedure.warnings)


@dataclass(frozen=True, slots=True)
class ArrangementPage:
    """Everything on the page that comes from the text and its arrangement."""

    document: PlanDocument
    lines: tuple[ArrangedLine, ...]
    ways: tuple[WayCards, ...]
    findings: tuple[ListedFinding, ...]

    @classmethod
    def of(cls, document: PlanDocument, findings: Sequence[ListedFinding]) -> ArrangementPage:
        """The page of an arranged document, with what there was to say about the text."""
        ways = tuple(_way(one, at == 0) for at, one in enumerate(document.procedures))
        grave = tuple(one for one in findings if _is_to_read(document, one.finding))
        return cls(document, tuple(_lines(document, ways)), ways, grave)

    @property
    def question(self) -> ReadingQuestion | None:
        """The question to answer next."""
        return next(iter(self.document.questions), None)

    @property
    def open_questions(self) -> int:
        """How many are not answered yet."""
        return len(self.document.questions)


def _way(procedure: Procedure, first: bool) -> WayCards:
    keys = [step.key for step in procedure.steps]
    cards = []
    for at, step in enumerate(procedure.steps):
        after = keys[at + 2] if at + 2 < len(keys) else ""
        attributes = spell_settings(step.settings, destructive=False)
        undo = [f"undo={step.settings.undo}"] if step.settings.undo else []
        cards.append(
            StepCard(
                step=step,
                way=procedure,
                place=at + 1,
                up=keys[at - 1] if at else None,
                down=after if at + 1 < len(keys) else None,
                splits=_splits(step),
                settings=" ".join([*attributes, *undo]),
                attributes=" ".join(spell_settings(step.settings, step.destructive)),
            )
        )
    return WayCards(procedure, first, tuple(cards))


def _is_to_read(document: PlanDocument, finding: Finding) -> bool:
    """Whether it matters to who confirms: it is grave, and of no step that was left out."""
    spans = [step.lines for one in document.procedures for step in one.steps]
    there = not finding.step or any(first <= finding.line <= last for first, last in spans)
    return there and finding.severity is not Severity.NOTE


def _splits(step: Step) -> tuple[int, ...]:
    """At which commands a new step may begin; the last may be where the alternatives do."""
    return tuple(range(2, len(step.commands) + bool(step.alternatives and step.commands) + 1))


def _lines(document: PlanDocument, ways: tuple[WayCards, ...]) -> Iterator[ArrangedLine]:
    became = dict(_became(document, ways))
    for number, text in enumerate(split_lines(document.source), start=1):
        role, anchor = became.get(number, ("", ""))
        yield ArrangedLine(number, text, role, anchor)


def _became(
    document: PlanDocument, ways: tuple[WayCards, ...]
) -> Iterator[tuple[int, tuple[str, str]]]:
    """By line what it became; commands come after the steps around them, so that they count."""
    cards = [card for way in reversed(ways) for card in way.cards]
    for card in cards:
        for number in range(card.step.lines[0], card.step.lines[1] + 1):
            yield number, ("step", card.anchor)
    for role, items in (
        ("precondition", document.preconditions),
        ("check", document.checks),
        ("action", document.actions),
    ):
        for item in items:
            for first, last in [(item.line, item.line), *(c.lines for c in item.commands)]:
                yield from ((number, (role, item.key)) for number in range(first, last + 1))
    for one in document.commands:
        for number in range(one.lines[0], one.lines[1] + 1):
            yield number, ("left-out", one.step)
    for card in cards:
        for command in commands_of(card.step):
            for number in range(command.lines[0], command.lines[1] + 1):
                yield number, ("step", card.anchor)
