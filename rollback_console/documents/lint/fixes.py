"""Ready edits for what is wrong in a plan, made on the author's own lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rollback_console.documents.model import Command, Edit, Fix, Step

from ..shell.hidden_characters import without_hidden
from ..shell.look_alikes import without_look_alikes

_MYSQL = r"(?P<program>\b(?:mysql|mysqldump|mariadb|mariadb-dump|mysqladmin))\b"
_PASSWORD = re.compile(
    rf"{_MYSQL}(?P<between>[^|;\n]*?)\s(?:-p(?=\S)(?:\"[^\"\n]*\"|'[^'\n]*'|\S+)"
    rf"|--password[= ](?:\"[^\"\n]*\"|\S+))"
)
_RESTORE = re.compile(
    r"(?P<program>\bmysql|\bmariadb"
    r"|\bpsql)\b(?P<arguments>[^|;<>\n]*?)\s*<\s*(?P<file>[^\s<][^\n;|]*)$"
)
_DUMPER = {"mysql": "mysqldump", "mariadb": "mariadb-dump", "psql": "pg_dump"}
DEFAULTS_FILE = "<mysql-defaults-file>"
_HEADING_NUMBER = re.compile(r"^(\s{0,3}#{1,6}[^\d\n]{0,40}?)(\d{1,3})")


def use_defaults_file(command: Command, rows: Sequence[str]) -> Fix | None:
    """`-p$PASSWORD` becomes a defaults file, which only its owner can read."""
    for number in range(command.lines[0], command.lines[1] + 1):
        row = rows[number - 1]
        match = _PASSWORD.search(row)
        if match:
            front = f"{match['program']} --defaults-extra-file={DEFAULTS_FILE}{match['between']}"
            new = row[: match.start()] + front + row[match.end() :]
            return Fix("Use a defaults file", (Edit(number, number, (new,)),))
    return None


_ASKING = re.compile(rf"{_MYSQL}(?P<between>[^|;&\n]*?)\s-p(?=\s)")


def ask_no_password(command: Command, rows: Sequence[str]) -> Fix | None:
    """`-p` alone, which asks, becomes a defaults file."""
    for number in range(command.lines[0], command.lines[1] + 1):
        row = rows[number - 1]
        if match := _ASKING.search(row):
            front = f"{match['program']} --defaults-extra-file={DEFAULTS_FILE}{match['between']}"
            new = row[: match.start()] + front + row[match.end() :]
            return Fix("Use a defaults file", (Edit(number, number, (new,)),))
    return None


def dump_first(command: Command, rows: Sequence[str]) -> Fix | None:
    """A dump of what is there now, above the group the restoring command stands in."""
    row = rows[command.lines[1] - 1]
    match = _RESTORE.search(row)
    if match is None or command.lines[0] != command.lines[1]:
        return None
    before = row[: match.start()]
    program = _DUMPER[match["program"]]
    target = '"before_rollback_$(date +%Y%m%d_%H%M%S).sql"'
    dump = f"{before}{program}{match['arguments']} > {target}"
    indent = row[: len(row) - len(row.lstrip())]
    at = _top_of_group(command, rows)
    new = (f"{indent}# Dump what is there now", dump, "")
    return Fix("Take a dump first", (Edit(at, at - 1, new),))


def repeat_line(line: str, step: Step, command: Command, rows: Sequence[str]) -> Fix:
    """The line another step relied on, repeated just before the command that needs it."""
    row = rows[command.lines[0] - 1]
    indent = row[: len(row) - len(row.lstrip())]
    at = command.lines[0]
    return Fix(f"Repeat “{line}” in this step", (Edit(at, at - 1, (indent + line,)),))


def move_before(
    step: Step, other: Step, between: Sequence[Step], rows: Sequence[str]
) -> Fix | None:
    """`step` moved up to just before `other`; headings are numbered anew. Only steps that
    have headings of their own can be moved so; `between` runs from `other` to the last
    before `step`."""
    movers = [*between, step]
    if not all(rows[one.lines[0] - 1].lstrip().startswith("#") for one in movers):
        return None
    first, last = other.lines[0], step.lines[1]
    order = [step, *between]
    numbers = [_HEADING_NUMBER.match(rows[one.lines[0] - 1]) for one in movers]
    new: list[str] = []
    for one, number in zip(order, numbers, strict=True):
        new += [*_renumbered(one, number[2] if number else "", rows), ""]
    return Fix(f"Move “{step.title}” before “{other.title}”", (Edit(first, last, tuple(new[:-1])),))


def end_fence(line: int, total: int, marks: str) -> Fix:
    """A closing fence at the end of the document."""
    return Fix("Close the fence", (Edit(total + 1, total, (marks,)),))


def replace_in(command: Command, rows: Sequence[str], old: str, new: str, label: str) -> Fix | None:
    """One piece of a command's text replaced, on the first of its lines that has it."""
    for number in range(command.lines[0], command.lines[1] + 1):
        if old in rows[number - 1]:
            row = rows[number - 1].replace(old, new, 1)
            return Fix(label, (Edit(number, number, (row,)),))
    return None


def remove_hidden(command: Command, rows: Sequence[str]) -> Fix | None:
    """The command's lines without characters that nobody sees; odd spaces become plain ones."""
    numbers = range(command.lines[0], command.lines[1] + 1)
    edits = [
        Edit(number, number, (clean,))
        for number in numbers
        if (clean := without_hidden(rows[number - 1])) != rows[number - 1]
    ]
    return Fix("Remove what nobody sees", tuple(edits)) if edits else None


def replace_look_alikes(command: Command, rows: Sequence[str]) -> Fix | None:
    """The command's lines with the signs that a shell knows; None when a line stands elsewhere."""
    clean = without_look_alikes(command.text).split("\n")
    edits: list[Edit] = []
    for at, (old, new) in enumerate(zip(command.text.split("\n"), clean, strict=True)):
        number = command.lines[0] + at
        if old != new:
            if number > len(rows) or old not in rows[number - 1]:
                return None
            edits.append(Edit(number, number, (rows[number - 1].replace(old, new, 1),)))
    return Fix("Replace with the signs of a shell", tuple(edits)) if edits else None


def _renumbered(step: Step, number: str, rows: Sequence[str]) -> list[str]:
    lines = list(rows[step.lines[0] - 1 : step.lines[1]])
    if number:
        lines[0] = _HEADING_NUMBER.sub(lambda m: m[1] + number, lines[0], count=1)
    return lines


def _top_of_group(command: Command, rows: Sequence[str]) -> int:
    """The first of the comment lines right above the command."""
    at = command.lines[0]
    while at > 1 and rows[at - 2].lstrip().startswith("#"):
        at -= 1
    return at
