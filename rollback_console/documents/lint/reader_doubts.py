"""What the reader was not sure of, said in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rollback_console.documents.model import Finding, Fix, PlanDocument, Severity, Step

from ..parse.step_builder import Doubt
from .fixes import end_fence

_SENTENCES: dict[str, tuple[Severity, str]] = {
    "inline-command": (
        Severity.NOTE,
        "This command was read from a sentence. See that it is one, or put it in a fence.",
    ),
    "unfinished-command": (
        Severity.ERROR,
        "A quote, bracket or here-document never closes, so these commands are only shown."
        " Close it.",
    ),
    "left-out-commands": (
        Severity.ERROR,
        "“...” stands for commands that are not written down, so this step is done by hand."
        " Write them all.",
    ),
    "unclosed-fence": (
        Severity.ERROR,
        "This fence never closes, so all that follows counts as part of it. Close it with ```.",
    ),
    "interactive-lines": (
        Severity.ERROR,
        "These lines are typed into a program's own prompt, so this step is done by hand."
        " Give them to the program as an argument or a file.",
    ),
    "other-language": (
        Severity.WARNING,
        "This is not shell text, so the step is done by hand. To run it, write the command that"
        " does (psql -f, mysql <, pwsh -File).",
    ),
    "several-choices": (
        Severity.ERROR,
        "Too many choices stand in one step for a person to choose well, so it is done by hand."
        " Make a step of each.",
    ),
    "no-prompt": (
        Severity.WARNING,
        "A console session without prompts cannot be told from output, so this step is done by"
        " hand. Mark the fence bash if these are commands.",
    ),
    "not-commands": (
        Severity.WARNING,
        "This does not read like commands and is only shown. Mark the fence bash if it is.",
    ),
    "not-shell": (
        Severity.ERROR,
        "A line here is no shell command (a lone option, prose, a ^ at its end), so this step is"
        " done by hand. Correct the line.",
    ),
    "read-as-alternatives": (
        Severity.WARNING,
        "These commands undo the same thing twice, so they are read as two ways of doing it."
        " Say “# Or” between them, or make steps of them.",
    ),
    "commands-after-choice": (
        Severity.WARNING,
        "These commands come after a choice and are run whichever way is chosen. Make them a step"
        " of their own if that is not meant.",
    ),
    "apart-from-the-list": (
        Severity.WARNING,
        "This stands after the list of steps, so it is done by hand. Give it a number or a heading"
        " of its own.",
    ),
    "guessed-steps": (
        Severity.WARNING,
        "No heading promises steps, so this was taken for them and is done by hand. Put it under a"
        " heading like “Rollback Steps”.",
    ),
    "read-by-structure": (
        Severity.WARNING,
        "No word of this plan's headings is in a language known here, so it was read by its structure"
        " alone: numbers, fences and lists. Look at every step.",
    ),
    "unsure-part": (
        Severity.WARNING,
        "The heading does not say that this is a part of the rollback, so it is done by hand until"
        " somebody says so.",
    ),
    "unsure-role": (
        Severity.WARNING,
        "A remark calls this an example, so it is done by hand until somebody says what it is.",
    ),
    "unknown-parts": (
        Severity.WARNING,
        "Nothing says whether the parts of this step follow each other or one of them is chosen, so"
        " it is done by hand. Say “Option A”, “Option B”, or make steps of them.",
    ),
    "put-off": (
        Severity.WARNING,
        "The author says not to do this now, so it is only shown. Take it out of the steps.",
    ),
    "too-much-to-read": (
        Severity.ERROR,
        "The plan holds more than 48 KiB of commands and these come after that, or a line of them"
        " is longer than 2,000 characters: they are only shown. Keep them in a script on the host"
        " and call it.",
    ),
    "bad-attribute": (Severity.ERROR, "An attribute of this fence is not understood."),
}


def doubt_findings(
    document: PlanDocument, doubts: Mapping[str, list[Doubt]], rows: Sequence[str]
) -> Iterator[Finding]:
    """One finding for each doubt, and one for each step that says nothing at all."""
    steps = [step for one in document.procedures if not one.derived for step in one.steps]
    known = {step.settings.id or step.key for step in steps}
    for doubt in doubts.get("", []):
        severity, message = _SENTENCES[doubt.code]
        yield Finding(severity, doubt.code, doubt.line, message)
    for step in steps:
        for doubt in doubts.get(step.key, []):
            yield _finding(doubt, step, rows)
        yield from _empty(step)
        yield from _undo(step, known)


def _finding(doubt: Doubt, step: Step, rows: Sequence[str]) -> Finding:
    severity, message = _SENTENCES[doubt.code]
    fix = _close(doubt.line, rows) if doubt.code == "unclosed-fence" else None
    return Finding(severity, doubt.code, doubt.line, doubt.detail or message, step.key, fix)


def _close(line: int, rows: Sequence[str]) -> Fix | None:
    opener = rows[line - 1].strip()
    marks = opener[: len(opener) - len(opener.lstrip(opener[:1]))]
    return end_fence(line, len(rows), marks) if marks[:1] in {"`", "~"} else None


def _empty(step: Step) -> Iterator[Finding]:
    if not step.commands and not step.alternatives and not step.instructions:
        yield Finding(
            Severity.NOTE,
            "nothing-but-a-title",
            step.lines[0],
            f"“{step.title}” says no more than its title; a person does it and says so.",
            step.key,
        )


def _undo(step: Step, known: set[str]) -> Iterator[Finding]:
    if step.settings.undo and step.settings.undo not in known:
        yield Finding(
            Severity.ERROR,
            "undo-unknown",
            step.fence or step.lines[0],
            f"undo={step.settings.undo} names no step of this plan.",
            step.key,
        )
