"""A document in canonical form: blocks with one blank line between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import yaml

from rollback_console.documents.model import (
    Action,
    Alternative,
    Check,
    Command,
    Estimate,
    MessageTemplate,
    Note,
    PlacedCommand,
    PlanDocument,
    Procedure,
    Role,
    Step,
    StepKind,
)

from ..markdown.source import split_lines
from . import layout
from .commands import SHELLS, spell_rows
from .layout import bare_condition, bare_name, bare_warning, one_line, spell_settings

Blocks = Iterator[list[str]]


def spell(document: PlanDocument) -> str:
    """The document's text in canonical form; whether it reads the same is not proven."""
    blocks = [
        *_head(document),
        *_section(layout.DECISION, _decision(document)),
        *_section(layout.BEFORE, _checks(document.preconditions, layout.PRECONDITIONS)),
        *(block for procedure in document.procedures for block in _procedure(procedure)),
        *_section(layout.DATA, _data(document)),
        *_section(layout.VERIFICATION, _checks(document.checks, layout.CHECKS)),
        *_section(layout.AFTER, _actions(document.actions)),
        *_section(layout.TIME, _list(_estimate(one) for one in document.estimates)),
        *_section(layout.COMMUNICATION, _communication(document)),
        *_section(layout.PREVENTION, _prevention(document.prevention)),
        *_section(layout.LEFT_OUT, _left_out(document.commands)),
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _section(title: str, blocks: Blocks) -> Blocks:
    """A heading and what is under it; nothing when there is nothing."""
    inside = list(blocks)
    if inside:
        yield [f"## {title}"]
        yield from inside


def _part(title: str, blocks: Blocks) -> Blocks:
    inside = list(blocks)
    if inside:
        yield [f"### {one_line(title)}"]
        yield from inside


def _list(items: Iterable[str]) -> Blocks:
    rows = [f"- {item}" for item in items if item]
    if rows:
        yield rows


# The head.


def _head(document: PlanDocument) -> Blocks:
    rows = _front_matter(document)
    yield rows
    yield [f"# {one_line(document.title) or 'Rollback Plan'}"]
    if fields := list(_fields(document)):
        yield fields


def _front_matter(document: PlanDocument) -> list[str]:
    """The author's own lines where they hold only names that are known, `plan: 1` first."""
    head = document.front_matter
    known = {name: head.values[name] for name in layout.HEAD_NAMES if name in head.values}
    if head.lines and not head.error and known.keys() == head.values.keys():
        rows = split_lines(document.source)[head.lines[0] : head.lines[1] - 1]
        own = [row.rstrip() for row in rows if not row.startswith("plan:")]
    else:
        rest = {name: value for name, value in known.items() if name != "plan"}
        text = yaml.safe_dump(rest, allow_unicode=True, sort_keys=False) if rest else ""
        own = text.rstrip("\n").split("\n") if text else []
    return ["---", f"plan: {layout.VERSION}", *own, "---"]


def _fields(document: PlanDocument) -> Iterator[str]:
    for label, name in layout.FIELDS.items():
        value = getattr(document, name) if name not in document.front_matter.values else ""
        if text := one_line(value or document.fields.get(label, "")):
            yield f"**{label}**: {text}"
    for label, value in document.fields.items():
        plain = one_line(label.replace("*", "")).strip(": ")
        if plain and plain not in layout.FIELDS:
            yield f"**{plain}**: {one_line(value)}".rstrip()


# Lists.


def _decision(document: PlanDocument) -> Blocks:
    yield from _part(layout.TRIGGERS, _list(map(_note, document.triggers)))
    yield from _part(layout.NO_GO, _list(map(_note, document.no_go)))
    decision = document.decision
    rows = [f"**Primary**: {one_line(name)}" for name in decision.primary if name.strip()]
    rows += [f"**Escalate to**: {one_line(name)}" for name in decision.escalate_to if name.strip()]
    yield from _part(layout.MAKERS, _list([*rows, *map(_note, decision.notes)]))


def _note(note: Note) -> str:
    label, text = one_line(note.label.replace("*", "")), _item(note.text)
    return f"**{label}**: {text}" if label and text else text or label


def _item(text: str) -> str:
    """A text as an item can hold it, which begins with no box of its own."""
    plain = one_line(text)
    while plain[:4] in {"[ ] ", "[x] ", "[X] "}:
        plain = plain[4:].lstrip()
    return plain


def _checks(checks: Sequence[Check], default: str) -> Blocks:
    for group, members in groupby(checks, lambda one: one_line(one.group) or default):
        yield from _part(group, _boxes((one.text, one.commands) for one in members))


def _actions(actions: Sequence[Action]) -> Blocks:
    for when, members in groupby(actions, lambda one: one.when):
        yield from _part(layout.WHEN[when], _boxes((one.text, one.commands) for one in members))


def _boxes(items: Iterable[tuple[str, Sequence[Command]]]) -> Blocks:
    """Boxes to tick; commands that show it stand in a fence under their item."""
    rows: list[str] = []
    for text, commands in items:
        if plain := _item(text):
            rows.append(f"- [ ] {plain}")
            if commands:
                yield rows
                yield _shown(commands)
                rows = []
    if rows:
        yield rows


def _data(document: PlanDocument) -> Blocks:
    yield from _part(layout.CLASSES, _list(map(_note, document.data.classes)))
    yield from _part(layout.LOSSES, _list(map(_note, document.data.losses)))
    yield from _part(layout.DATA_NOTES, _list(map(_note, document.data.notes)))


def _estimate(estimate: Estimate) -> str:
    kind = one_line(estimate.kind.replace("*", "")) or "Rollback"
    if estimate.low is None or estimate.high is None:
        text = one_line(estimate.text)
        return f"**{kind}**: {text}" if text else ""
    return f"**{kind}**: {_span(estimate.low, estimate.high)}"


def _span(low: float, high: float) -> str:
    span = f"{low:g}" if low == high else f"{low:g}-{high:g}"
    return f"{span} minute" if span == "1" else f"{span} minutes"


def _communication(document: PlanDocument) -> Blocks:
    yield from _part(layout.NOTIFY, _list(map(_note, document.notify)))
    yield from _part(layout.CONTACTS, _list(map(_note, document.contacts)))
    for message in document.messages:
        yield from _part(_message_title(message), iter([_fence("text", message.text.split("\n"))]))


def _message_title(message: MessageTemplate) -> str:
    name = one_line(message.name)
    return layout.MESSAGE if name in {"", layout.MESSAGE} else f"{layout.MESSAGE}: {name}"


def _prevention(notes: Sequence[Note]) -> Blocks:
    for label, members in groupby(notes, lambda one: one_line(one.label) or layout.PREVENT):
        yield from _part(label, _list(_item(one.text) for one in members))


def _left_out(commands: Sequence[PlacedCommand]) -> Blocks:
    """Everything left out, folded, under the reason; each run of one reason once."""
    left_out = [one for one in commands if one.role is Role.LEFT_OUT]
    for reason, members in groupby(left_out, lambda one: one_line(one.reason) or "left out"):
        yield ["<details>"]
        yield [f"<summary>{reason}</summary>"]
        for one in members:
            yield _fence("text", one.text.split("\n"))
        yield ["</details>"]


# Steps.


def _procedure(procedure: Procedure) -> Blocks:
    yield [f"## Procedure: {one_line(procedure.name) or 'Rollback'}"]
    yield from _lines("Use when", [bare_condition(procedure.condition)])
    yield from _lines("Warning", map(bare_warning, procedure.warnings))
    for step in procedure.steps:
        yield from _step(step)


def _lines(name: str, texts: Iterable[str]) -> Blocks:
    for text in texts:
        if plain := one_line(text):
            yield [f"{name}: {plain}"]


def _step(step: Step) -> Blocks:
    yield [f"### Step {step.number}: {one_line(step.title)}"]
    yield from _lines("Only if", [bare_condition(step.condition)])
    yield from _lines("Warning", map(bare_warning, step.warnings))
    yield from _lines("Undo", [step.settings.undo])
    yield from _lines("Kind", [step.kind.value if step.kind is not usual_kind(step) else ""])
    yield from _lines("Phase", [step.group])
    yield from _lines("Time", [step.estimate])
    for text in step.instructions:
        yield from _instruction(text)
    attributes = spell_settings(step.settings, step.destructive)
    if step.commands:
        yield from _commands(step, step.commands, attributes)
    else:
        yield from _lines("Settings", [" ".join(attributes)])
    for at, alternative in enumerate(step.alternatives, start=1):
        yield from _alternative(step, alternative, at)
    if step.expected.strip():
        yield _fence("text expected", step.expected.split("\n"))


def usual_kind(step: Step) -> StepKind:
    """What a step is when it does not say: by hand without commands."""
    return StepKind.COMMAND if step.commands or step.alternatives else StepKind.MANUAL


def _instruction(text: str) -> Blocks:
    if "\n" in text.strip():
        yield _fence("text", text.strip("\n").split("\n"))
    else:
        yield from _lines("Do", [text])


def _alternative(step: Step, alternative: Alternative, at: int) -> Blocks:
    name = bare_name(alternative.label) or f"Way {at}"
    yield [f"#### One of: {name}"]
    yield from _lines("Only if", [bare_condition(alternative.condition)])
    if alternative.preferred:
        yield ["Choose: first"]
    if alternative.fallback:
        yield ["Choose: last"]
    attributes = spell_settings(alternative.settings, destructive=False)
    if alternative.commands:
        own = [
            replace(one, label="") if bare_name(one.label) == name else one
            for one in alternative.commands
        ]
        yield from _commands(step, own, attributes)


def _commands(step: Step, commands: Sequence[Command], attributes: list[str]) -> Blocks:
    """What runs is one fence; what is only shown, one for each language."""
    if step.runs:
        yield _fence(" ".join(["bash", *attributes]), spell_rows(commands))
        return
    for language, members in groupby(commands, lambda one: _language(one.language)):
        yield _fence(" ".join([language, *attributes]), spell_rows(list(members)))
        attributes = []


def _language(language: str) -> str:
    name = "".join(letter for letter in language.casefold() if letter.isalnum() or letter in "+-#")
    return "bash" if name in SHELLS else name


def _shown(commands: Sequence[Command]) -> list[str]:
    return _fence("bash", spell_rows(commands))


def _fence(info: str, rows: Sequence[str]) -> list[str]:
    """A fence whose marks are longer than any in it."""
    longest = max((len(run) for row in rows for run in _runs_of_backticks(row)), default=0)
    marks = "`" * max(3, longest + 1)
    return [f"{marks}{info}", *rows, marks]


def _runs_of_backticks(row: str) -> list[str]:
    return [run for run in "".join(c if c == "`" else " " for c in row).split() if run]
