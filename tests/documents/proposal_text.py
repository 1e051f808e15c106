"""A proposal as a few lines of text, for people who read what a test expects."""

from __future__ import annotations

from collections.abc import Iterator

from rollback_console.documents.model import Command, PlanDocument, Procedure, Role, Step


def proposal_text(document: PlanDocument) -> str:
    """Ways with their steps and conditions, then every command that is none, then what is asked."""
    return "\n".join([*_ways(document), *_others(document), *_asked(document), ""])


def _ways(document: PlanDocument) -> Iterator[str]:
    for procedure in document.procedures:
        if not procedure.derived:
            yield from _way(procedure)


def _way(procedure: Procedure) -> Iterator[str]:
    yield f"way: {procedure.name}" + _marks(procedure.condition, procedure.warnings)
    for step in procedure.steps:
        yield from _step(step)


def _step(step: Step) -> Iterator[str]:
    destroys = ", destructive" if step.destructive else ""
    folder = f", in {step.settings.cwd}" if step.settings.cwd else ""
    gate = ", gate" if step.settings.gate else ""
    kind = f"{step.kind.value}{destroys}{folder}{gate}"
    yield f"  {step.number}. {step.title} ({kind})" + _marks(step.condition, step.warnings)
    yield from _commands(step.commands, "    ")
    for way in step.alternatives:
        yield f"    one of: {way.label}" + _marks(way.condition, ())
        yield from _commands(way.commands, "      ")


def _marks(condition: str, warnings: tuple[str, ...]) -> str:
    marks = [f"if: {condition}"] if condition else []
    return "".join(f" [{mark}]" for mark in [*marks, *(f"warns: {one}" for one in warnings)])


def _commands(commands: tuple[Command, ...], indent: str) -> Iterator[str]:
    for command in commands:
        yield f"{indent}{command.lines[0]}: {command.text.splitlines()[0]}"


def _others(document: PlanDocument) -> Iterator[str]:
    for placed in document.commands:
        if placed.role is not Role.STEP:
            reason = f" ({placed.reason})" if placed.reason else ""
            text = placed.text.splitlines()[0] if placed.text else ""
            yield f"{placed.role.value}{reason} {placed.lines[0]}: {text}"


def _asked(document: PlanDocument) -> Iterator[str]:
    for question in document.questions:
        answers = " / ".join(value for value, _ in question.answers)
        yield f"asks {question.kind} of {', '.join(question.members)}: {answers}"
