"""The one place of every command-like line: what the document made of it, or why it was left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rollback_console.documents.model import (
    Certainty,
    Command,
    Lines,
    PlacedCommand,
    PlanDocument,
    Role,
    Step,
)

from ...markdown.folded_text import bare_title
from ...shell.command_patterns import POWERSHELLS, SQLS, may_change
from ...vocabulary.left_out import why_label_leaves_out
from ...vocabulary.section_names import SectionKind, why_never
from .collect_commands import CommandLine, Source

Parts = Mapping[int, SectionKind]
# Where a command stands: its own lines, or the fence whose folder it is; and its text.
_Key = tuple[Lines | int, str]
_BESIDE: dict[SectionKind, tuple[Role, str]] = {
    SectionKind.PRECONDITIONS: (Role.PRECONDITION, ""),
    SectionKind.VERIFICATION: (Role.CHECK, ""),
    SectionKind.AFTER: (Role.ACTION, ""),
    SectionKind.PREVENTION: (Role.ACTION, ""),
    SectionKind.COMMUNICATION: (Role.MESSAGE, ""),
    SectionKind.MESSAGE: (Role.MESSAGE, ""),
    SectionKind.CONTACTS: (Role.LEFT_OUT, "says whom to call"),
    SectionKind.TRIGGERS: (Role.LEFT_OUT, "says when to roll back"),
    SectionKind.NO_GO: (Role.LEFT_OUT, "says when not to roll back"),
    SectionKind.DECISION: (Role.LEFT_OUT, "says who decides"),
    SectionKind.TIME: (Role.LEFT_OUT, "says how long it takes"),
    SectionKind.DATA: (Role.LEFT_OUT, "says what becomes of the data"),
    SectionKind.ABOUT: (Role.LEFT_OUT, "describes, and asks for nothing"),
}
_NO_SHELL = {
    **dict.fromkeys(SQLS, "SQL: no shell of a host"),
    **dict.fromkeys(POWERSHELLS, "PowerShell or cmd: no shell of a host"),
}


@dataclass(frozen=True, slots=True)
class _Taken:
    role: Role
    procedure: str
    step: str
    evidence: str
    certainty: Certainty = Certainty.SURE


def place(
    document: PlanDocument, lines: Iterable[CommandLine], parts: Parts
) -> tuple[PlacedCommand, ...]:
    """Every command-like line once, in source order. `parts` gives the part that the section
    headed on a line was read as."""
    taken = dict(_taken(document))
    placed: dict[_Key, PlacedCommand] = {}
    for line in lines:
        key: _Key = (line.lines, line.text)
        own = taken.get(key) or taken.get((line.fence, line.text))
        placed.setdefault(key, _placed(line, own, parts))
    for (lines_of, text), own in taken.items():
        if not isinstance(lines_of, int) and (lines_of, text) not in placed:
            # Told to run in a sentence or a column of commands, whatever the program is called.
            line = CommandLine(text, lines_of, Source.SENTENCE, ())
            placed[lines_of, text] = _placed(line, own, parts)
    return tuple(sorted(placed.values(), key=lambda one: (one.lines, one.text)))


def _taken(document: PlanDocument) -> Iterator[tuple[_Key, _Taken]]:
    """What checks, preconditions and steps hold; a later pair overrules an earlier one."""
    for role, checks in (
        (Role.CHECK, document.checks),
        (Role.PRECONDITION, document.preconditions),
    ):
        for check in checks:
            for command in check.commands:
                yield (
                    (command.lines, command.text),
                    _Taken(role, "", check.key, f"under “{check.group}”"),
                )
    unsure = {key for question in document.questions for key in question.members}
    for procedure in document.procedures:
        for step in procedure.steps if not procedure.derived else ():
            sure = Certainty.UNSURE if {step.key, procedure.key} & unsure else Certainty.SURE
            if step.settings.cwd:
                evidence = "the folder of the steps below it"
                key = (step.fence, f"cd {step.settings.cwd}")
                yield key, _Taken(Role.STEP, procedure.key, step.key, evidence, sure)
            for command in _commands(step):
                evidence = f"under “{step.title}”"
                yield (
                    (command.lines, command.text),
                    _Taken(Role.STEP, procedure.key, step.key, evidence, sure),
                )


def _commands(step: Step) -> Iterator[Command]:
    yield from step.commands
    for way in step.alternatives:
        yield from way.commands


def _placed(line: CommandLine, taken: _Taken | None, parts: Parts) -> PlacedCommand:
    if taken and line.language in _NO_SHELL:
        return PlacedCommand(
            line.text,
            line.lines,
            Role.LEFT_OUT,
            taken.procedure,
            taken.step,
            _NO_SHELL[line.language],
            (f"a fence marked {line.language}", taken.evidence),
        )
    if taken:
        return PlacedCommand(
            line.text,
            line.lines,
            taken.role,
            taken.procedure,
            taken.step,
            evidence=(taken.evidence,),
            certainty=taken.certainty,
        )
    role, reason, evidence, certainty = _beside(line, parts)
    return PlacedCommand(
        line.text, line.lines, role, reason=reason, evidence=evidence, certainty=certainty
    )


def _beside(line: CommandLine, parts: Parts) -> tuple[Role, str, tuple[str, ...], Certainty]:
    """The role of a line that nothing runs, by what is nearest to it and says anything."""
    if line.source is Source.SPARED:
        return Role.LEFT_OUT, "too much to read", ("longer than anybody reads",), Certainty.SURE
    if line.source is Source.SENTENCE:
        role, reason, evidence, _ = _by_section(line, parts)
        if role is Role.LEFT_OUT:
            reason, evidence = "named in a sentence", ("inside a sentence", *evidence)
        return role, reason, evidence, Certainty.LIKELY
    for words in (line.remark, line.above):
        if label := why_label_leaves_out(words):
            return Role.LEFT_OUT, label, (f"below “{words[:80]}”",), Certainty.SURE
    if line.language in _NO_SHELL:
        evidence = (f"a fence marked {line.language}",)
        return Role.LEFT_OUT, _NO_SHELL[line.language], evidence, Certainty.SURE
    return _by_section(line, parts)


def _by_section(line: CommandLine, parts: Parts) -> tuple[Role, str, tuple[str, ...], Certainty]:
    for section in reversed(line.path):
        part = parts.get(section.line, SectionKind.UNKNOWN) if section.line else None
        evidence = (f"under “{bare_title(section.title)}”",)
        if part is SectionKind.VERIFICATION and may_change(line.text):
            reason = "changes something, under a heading that only checks"
            return Role.LEFT_OUT, reason, evidence, Certainty.UNSURE
        if part in _BESIDE:
            role, reason = _BESIDE[part]
            return role, reason, evidence, Certainty.SURE
        if reason := why_never(section.title):
            return Role.LEFT_OUT, reason, evidence, Certainty.SURE
    title = bare_title(line.path[-1].title)
    where = (f"under “{title}”",) if title else ("above the first heading",)
    return (
        Role.LEFT_OUT,
        "no heading makes it a part of the rollback",
        where,
        Certainty.LIKELY,
    )
