"""`manage.py migrate --plan APP TARGET`, as Django 4.2 to 6.0 print it.

After the plan may stand what `sqlmigrate --backwards` says of migrations that alter fields: a
change that it calls a no-op converts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from rollback_console.common.terminal import strip_escapes

from .effects import Effect, Operation, Reversal

_E = Effect
_NAME = r"(\S+)"
# Each: what `Operation.describe()` prints; groups are (table, column) or (column, table).
_UNDONE: tuple[tuple[re.Pattern[str], Effect, tuple[str, ...]], ...] = tuple(
    (re.compile(pattern), effect, groups)
    for pattern, effect, groups in (
        (rf"Create proxy model {_NAME}", _E.KEPT, ()),
        (rf"Create model {_NAME}", _E.GOES, ("table",)),
        (rf"Add field {_NAME} to {_NAME}", _E.GOES, ("column", "table")),
        (rf"Delete model {_NAME}", _E.RETURNS_EMPTY, ("table",)),
        (rf"Remove field {_NAME} from {_NAME}", _E.RETURNS_EMPTY, ("column", "table")),
        (rf"Rename model {_NAME} to {_NAME}", _E.RENAMED, ("old", "table")),
        (rf"Rename field {_NAME} on {_NAME} to {_NAME}", _E.RENAMED, ("old", "table", "column")),
        (rf"Rename table for {_NAME} to ", _E.RENAMED, ("table",)),
        (r"Rename (?:unnamed )?index ", _E.KEPT, ()),
        (rf"Alter field {_NAME} on {_NAME}", _E.CONVERTED, ("column", "table")),
        (r"(?:Concurrently )?[Cc]reate index ", _E.KEPT, ()),
        (r"(?:Concurrently )?[Rr]emove index ", _E.KEPT, ()),
        (r"(?:Create|Remove|Alter|Validate) constraint ", _E.KEPT, ()),
        (r"Create not valid constraint ", _E.KEPT, ()),
        (r"Alter (?:unique|index)_together for ", _E.KEPT, ()),
        (r"Alter \S+ table comment", _E.KEPT, ()),
        (r"Set order_with_respect_to on ", _E.CONVERTED, ()),
        (r"Change (?:Meta options|managers) on ", _E.KEPT, ()),
        (r"Creates? (?:extension|collation) ", _E.KEPT, ()),
        (r"Drop collation ", _E.KEPT, ()),
    )
)
_RAW = re.compile(r"(?P<what>.+?)(?: -> (?P<action>.*))?")
_HEADER = re.compile(r"(?P<app>[A-Za-z_]\w*+)\.(?P<name>[\w.@+-]+)")
_NOTHING = "No planned migration operations."
_NO_OP = "-- (no-op)"
_SQL_OF = re.compile(r"^rollback-console-sql (\S+)$", re.MULTILINE)


SQL_FOLLOWS = "rollback-console-sql"
"""Begins the line before what `sqlmigrate` says of one migration; its name follows."""


def read_django(text: str) -> Reversal:
    """What `migrate --plan` says would be undone. Raises nothing; strange text is a problem."""
    plan, *sql = _SQL_OF.split(strip_escapes(text))
    kept = _no_ops(sql)
    lines = plan.splitlines()
    start = next((at for at, line in enumerate(lines) if line == "Planned operations:"), None)
    if start is None:
        return Reversal("django", (), "migrate --plan printed no plan.")
    planned = lines[start + 1 :]
    if _NOTHING in (line.strip() for line in planned):
        return Reversal("django", (), _NOTHING_TO_UNDO, broken=True)
    operations = _renamed([_settled(each, kept) for each in _operations(planned)])
    if any(each.effect is Effect.UNKNOWN and each.text.startswith("+") for each in operations):
        return Reversal("django", tuple(operations), _FORWARD, broken=True)
    return Reversal(
        "django", tuple(operations), _stopped(operations), broken=bool(_stopped(operations))
    )


_NOTHING_TO_UNDO = (
    "Nothing would be undone: the code there knows no newer migration, or none is applied. "
    "Reverse migrations before the old code is checked out."
)
_FORWARD = "This would apply migrations, not undo them: the target is newer than the database."


def _stopped(operations: list[Operation]) -> str:
    stuck = [each for each in operations if each.effect is Effect.IRREVERSIBLE]
    if not stuck:
        return ""
    return (
        f"{stuck[0].migration} cannot be undone ({stuck[0].text}): the reversal would stop there."
    )


def _settled(operation: Operation, no_ops: set[tuple[str, str]]) -> Operation:
    """A change of a field that only the code notices converts nothing."""
    what = operation.migration, operation.text.removeprefix("Undo ")
    if operation.effect is Effect.CONVERTED and what in no_ops:
        return replace(operation, effect=Effect.KEPT)
    return operation


def _no_ops(parts: list[str]) -> set[tuple[str, str]]:
    """(migration, operation) of everything that is said to need no SQL wherever it stands."""
    statements = [
        ((migration, what), body)
        for migration, sql in zip(parts[::2], parts[1::2], strict=True)
        for what, body in _statements(sql.splitlines())
    ]
    needs_sql = {what for what, body in statements if body != [_NO_OP]}
    return {what for what, _ in statements} - needs_sql


def _statements(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each operation that `sqlmigrate` names, with the lines that stand under it."""
    what, body = "", list[str]()
    for at, line in enumerate(lines):
        frame = [*lines[max(at - 1, 0) : at], *lines[at + 1 : at + 2]] == ["--", "--"]
        if frame and line.startswith("-- ") and line != _NO_OP:
            if what:
                yield what, body
            what, body = line.removeprefix("-- "), []
        elif line.strip() and line.strip() not in {"--", "BEGIN;", "COMMIT;"}:
            body.append(line.strip())
    if what:
        yield what, body


def _operations(lines: list[str]) -> Iterator[Operation]:
    """What stands under each migration; under anything else it is unknown, never passed over."""
    heading, known = "", False
    for line in lines:
        if not line.startswith(" "):
            heading, known = line.strip(), bool(_HEADER.fullmatch(line.strip()))
        elif line.strip() and known:
            yield _operation(heading, line.strip())
        elif line.strip():
            yield Operation(heading, line.strip(), Effect.UNKNOWN)


def _operation(migration: str, text: str) -> Operation:
    if text.startswith("Undo "):
        return _undone(migration, text)
    match = _RAW.fullmatch(text)
    action = match["action"] if match else None
    if action == "IRREVERSIBLE":
        return Operation(migration, text, Effect.IRREVERSIBLE)
    if text.startswith("Raw "):
        return Operation(migration, text, Effect.RUNS_CODE)
    forward = any(pattern.match(text) for pattern, _, _ in _UNDONE)
    return Operation(migration, f"+ {text}" if forward else text, Effect.UNKNOWN)


def _undone(migration: str, text: str) -> Operation:
    what = text.removeprefix("Undo ")
    for pattern, effect, groups in _UNDONE:
        if match := pattern.match(what):
            named = dict(zip(groups, match.groups(), strict=False))
            column = named.get("column", "")
            return Operation(migration, text, effect, named.get("table", ""), column)
    return Operation(migration, text, Effect.UNKNOWN)


def _renamed(operations: list[Operation]) -> list[Operation]:
    """Give each table and column the name it has now, after the later renames in this plan."""
    tables: dict[tuple[str, str], str] = {}
    columns: dict[tuple[str, str, str], str] = {}
    named = []
    for each in _newest_first(operations):
        app = each.migration.partition(".")[0]
        old = _old_names(each)
        table = _follow(tables, app, each.table)
        column = columns.get((app, table.lower(), each.column), each.column)
        if old and old[0] == "model":
            tables[app, old[1].lower()] = table
        if old and old[0] == "field":
            columns[app, table.lower(), old[1]] = column
        named.append((each, replace(each, table=table, column=column)))
    now = {id(before): after for before, after in named}
    return [now[id(each)] for each in operations]


def _newest_first(operations: list[Operation]) -> Iterator[Operation]:
    """Migrations stand newest first, but the operations within one oldest first."""
    names = list(dict.fromkeys(each.migration for each in operations))
    for name in names:
        yield from reversed([each for each in operations if each.migration == name])


def _old_names(each: Operation) -> tuple[str, str] | None:
    match = re.match(r"Undo Rename (model|field) (\S+) ", each.text)
    return (match[1], match[2]) if match else None


def _follow(tables: dict[tuple[str, str], str], app: str, table: str) -> str:
    return tables.get((app, table.lower()), table)
