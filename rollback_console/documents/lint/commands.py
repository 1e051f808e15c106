"""Findings about single commands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rollback_console.documents.errors import Unrenderable
from rollback_console.documents.model import Command, Finding, Fix, PlanDocument, Severity, Step

from ..placeholders.collect import commands_of
from ..placeholders.find import find_uses
from ..shell.command_patterns import POWERSHELLS, SQLS
from ..shell.hidden_characters import find_hidden
from ..shell.look_alikes import find_look_alikes
from ..shell.render import reads_twice, render_text
from ..shell.variables import wants_arguments
from .destructive import Danger, dangers
from .early_readers import early_reader_findings
from .fixes import (
    ask_no_password,
    remove_hidden,
    replace_in,
    replace_look_alikes,
    use_defaults_file,
)

_MOST = 2000
_MOST_HIDDEN = 20
_NAMED = 4


def command_findings(document: PlanDocument, rows: Sequence[str]) -> Iterator[Finding]:
    """What there is to say about every command, each place once."""
    seen: set[tuple[int, int]] = set()
    for procedure in document.procedures:
        for step in procedure.steps if not procedure.derived else ():
            for command in commands_of(step):
                if command.lines not in seen and len(seen) < _MOST:
                    seen.add(command.lines)
                    yield from _about(step, command, rows)


def _about(step: Step, command: Command, rows: Sequence[str]) -> Iterator[Finding]:
    yield from _hidden(step, command, rows)
    if command.language not in SQLS | POWERSHELLS:
        yield from _look_alikes(step, command, rows)
    foreign = command.language in SQLS | POWERSHELLS
    for danger in dangers(command.text):
        if danger.severity is not Severity.ERROR and not (step.runs or foreign):
            continue  # what keeps it from running comes first
        line = command.lines[0]
        fix = _fix(danger, command, rows)
        yield Finding(danger.severity, danger.code, line, danger.message, step.key, fix)
    if step.runs and not foreign:
        yield from _values(step, command)
        yield from _arguments(step, command)
        yield from _to_replace(step, command)
        yield from early_reader_findings(step, command, rows)


def _fix(danger: Danger, command: Command, rows: Sequence[str]) -> Fix | None:
    if danger.code in {"password-in-arguments", "literal-credential"}:
        return use_defaults_file(command, rows)
    if danger.code == "may-ask" and re.search(r"\bgit\s+revert\b", command.text):
        return replace_in(command, rows, "git revert", "git revert --no-edit", "Add --no-edit")
    if danger.code == "asks-a-password" and " -p " in command.text:
        return ask_no_password(command, rows)
    if danger.code == "links-inside" and "ln -sf " in command.text:
        return replace_in(command, rows, "ln -sf ", "ln -sfn ", "Replace the link itself")
    if danger.code == "restores-past-errors":
        return _stop_at_errors(command, rows)
    return None


def _stop_at_errors(command: Command, rows: Sequence[str]) -> Fix | None:
    options = {"psql ": "-v ON_ERROR_STOP=1 ", "pg_restore ": "--exit-on-error "}
    program = next((each for each in options if each in command.text), "")
    if not program:
        return None
    new = program + options[program]
    return replace_in(command, rows, program, new, "Stop at the first error")


def _hidden(step: Step, command: Command, rows: Sequence[str]) -> Iterator[Finding]:
    for hidden in find_hidden(command.text)[:_MOST_HIDDEN]:
        yield Finding(
            Severity.ERROR,
            "hidden-character",
            command.lines[0] + hidden.line,
            f"This holds a character that nobody sees: {hidden.mark}, {hidden.name}. What is read"
            " is not what runs. Remove it, or confirm it on the plan's bindings page.",
            step.key,
            remove_hidden(command, rows),
        )


def _look_alikes(step: Step, command: Command, rows: Sequence[str]) -> Iterator[Finding]:
    if look_alikes := find_look_alikes(command.text):
        odd = dict.fromkeys(f"{each.name} for {each.meant}" for each in look_alikes)
        yield Finding(
            Severity.ERROR,
            "look-alike",
            command.lines[0] + command.text.count("\n", 0, look_alikes[0].at),
            "This holds what only looks like a sign of the shell, as a word processor or a chat"
            f" writes it: {', '.join(list(odd)[:_NAMED])}. A shell takes it for a letter.",
            step.key,
            replace_look_alikes(command, rows),
        )


_REPLACE = re.compile(r"\breplace\s+[`'\"]?([\w.\-/]{2,60})[`'\"]?\s+(?:with|by)\b", re.IGNORECASE)


def _to_replace(step: Step, command: Command) -> Iterator[Finding]:
    """ "Replace 0003 with ..." above a command that holds 0003."""
    match = _REPLACE.search(command.label)
    if match and match[1] in command.text:
        yield Finding(
            Severity.ERROR,
            "value-to-replace",
            command.lines[0],
            f"The remark says to replace {match[1]}, which would run as it is. Write a placeholder in"
            " its place, so that the console asks for it.",
            step.key,
        )


def _arguments(step: Step, command: Command) -> Iterator[Finding]:
    if wants_arguments(command.text):
        yield Finding(
            Severity.ERROR,
            "wants-arguments",
            command.lines[0],
            "This is part of a script that wants arguments, and a step has none. Write a"
            " placeholder in the place of $1.",
            step.key,
        )


def _values(step: Step, command: Command) -> Iterator[Finding]:
    line = command.lines[0]
    try:
        render_text(command.text, {use.unit: use.name for use in find_uses(command.text)})
    except Unrenderable as error:
        yield Finding(Severity.ERROR, "value-cannot-go-there", line, str(error), step.key)
        return
    doubled = [use for use in find_uses(command.text) if reads_twice(use, command.text)]
    if doubled:
        units = ", ".join(dict.fromkeys(use.unit for use in doubled))
        yield Finding(
            Severity.WARNING,
            "value-read-twice",
            line,
            f"The value of {units} is read again by a second program (a shell over ssh, psql -c)."
            " Allow only letters, digits and . _ / : @ + - in it.",
            step.key,
        )
