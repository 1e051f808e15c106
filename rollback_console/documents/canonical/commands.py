"""Commands as the rows of a fence, and back exactly as the shell tells them apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rollback_console.documents.errors import NotCanonical
from rollback_console.documents.model import Command

from ..placeholders.find import scanned
from .layout import one_line
from .pieces import Piece

SHELLS = frozenset({"", "bash", "sh", "shell", "console", "zsh"})


def spell_rows(commands: Sequence[Command]) -> list[str]:
    """One command below the other; a label stands as a comment above the first it speaks for."""
    rows: list[str] = []
    last = ""
    for command in commands:
        label = one_line(command.label).strip("# ")
        if label and label != last:
            rows.append(f"# {label}")
        last = label or last
        rows += command.text.split("\n")
    return rows


def read_commands(fence: Piece, *, runs: bool) -> tuple[Command, ...]:
    """The commands of a fence; one that does not run and is no plain list is one command.

    Raises NotCanonical for one that runs and holds none, or one that never ends.
    """
    if runs and not scanned(f"{_text(fence)}\n").complete:
        why = "a command in this fence never ends: close its quote, bracket or here-document."
        raise NotCanonical(fence.line, why)
    if fence.name == "bash":
        commands = tuple(_split(fence))
        if commands and (runs or spell_rows(commands) == list(fence.rows)):
            return commands
        if runs:
            raise NotCanonical(fence.line, "this fence holds no command: fill it, or take it away.")
    text = _text(fence)
    lines = (fence.line + 1, max(fence.last - 1, fence.line + 1))
    return (Command(text, lines, fence.name, "", fence.line),) if text.strip() else ()


def _text(fence: Piece) -> str:
    return "\n".join(fence.rows)


def _split(fence: Piece) -> Iterator[Command]:
    """Complete commands; a comment is the label of those that follow it."""
    text = f"{_text(fence)}\n"
    label, start, line = "", 0, fence.line + 1
    for end in scanned(text).ends:
        unit = text[start:end]
        body = unit.strip("\n")
        first = line + len(unit) - len(unit.lstrip("\n"))
        if body.lstrip().startswith("#"):
            label = one_line(body).strip("# ")
        elif body.strip():
            yield Command(body, (first, first + body.count("\n")), "bash", label, fence.line)
        line += unit.count("\n") + 1
        start = end + 1
