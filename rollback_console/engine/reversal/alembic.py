"""SQL that would undo a migration: `alembic downgrade FROM:TO --sql`, or an undo script."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .effects import Effect, Operation, Reversal

_E = Effect
_I = r"[`\"\[]?([\w.]+)[`\"\]]?"
_DONE: tuple[tuple[re.Pattern[str], Effect, tuple[str, ...]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), effect, groups)
    for pattern, effect, groups in (
        (rf"drop table (?:if exists )?{_I}", _E.GOES, ("table",)),
        (rf"alter table (?:only )?{_I} drop (?:constraint|index|key|primary|foreign|check)\b",
         _E.KEPT, ("table",)),
        (rf"alter table (?:only )?{_I} drop (?:column )?(?:if exists )?{_I}",
         _E.GOES, ("table", "column")),
        (rf"alter table (?:only )?{_I} rename (?:column )?{_I} to ", _E.RENAMED,
         ("table", "column")),
        (rf"alter table (?:only )?{_I} rename to ", _E.RENAMED, ("table",)),
        (rf"rename table {_I} to ", _E.RENAMED, ("table",)),
        (rf"alter table (?:only )?{_I} change (?:column )?{_I} ", _E.CONVERTED,
         ("table", "column")),
        (rf"alter table (?:only )?{_I} (?:alter|modify) (?:column )?{_I}", _E.CONVERTED,
         ("table", "column")),
        (rf"alter table (?:only )?{_I} add (?:constraint|index|key|unique|primary|foreign|check)\b",
         _E.KEPT, ("table",)),
        (rf"alter table (?:only )?{_I} add (?:column )?(?:if not exists )?{_I}",
         _E.RETURNS_EMPTY, ("table", "column")),
        (rf"create table (?:if not exists )?{_I}", _E.RETURNS_EMPTY, ("table",)),
        (r"(?:create|drop) (?:unique )?index\b", _E.KEPT, ()),
        (r"(?:create|drop|alter) (?:or replace )?(?:view|sequence|type|function|trigger)\b",
         _E.KEPT, ()),
        (r"comment on\b", _E.KEPT, ()),
        (rf"(?:truncate (?:table )?|delete from ){_I}", _E.GOES, ("table",)),  # noqa: S608
        (r"(?:update|insert into|merge|replace|call|do)\b", _E.RUNS_CODE, ()),
    )
)  # fmt: skip
_HEADER = re.compile(r"--\s*Running downgrade (\S+) ->")
_ITS_OWN = re.compile(
    r"(?:update|delete from|insert into|drop table|create table)\s+\S*alembic_version", re.I
)
_SEVERAL = re.compile(
    rf"(?:alter table (?:if exists )?(?:only )?{_I}|drop table(?: if exists)?"
    r"|truncate(?: table)?) ",
    re.IGNORECASE,
)
_LIST = re.compile(r"'(?:[^']|'')*'|[(),]|[^'(),]+|'")
_FRAME = re.compile(r"(?:begin|commit|start transaction|set|use|rollback)\b", re.IGNORECASE)
_STATEMENTS = re.compile(r"'(?:[^']|'')*'|--[^\n]*|;|[^';-]+|-")
_STOPPED = re.compile(
    r"^(?:FAILED: |UNTOLD: |Traceback \(|(?:INFO|ERROR|WARN\w*) ).*", re.MULTILINE | re.DOTALL
)
_SAID = re.compile(r"^(?:(?:FAILED|UNTOLD|[\w.]*(?:Error|Exception)): .*|\w+Error)$", re.MULTILINE)
_LIVE = "so what it does cannot be told beforehand"


def read_alembic(text: str) -> Reversal:
    """What `alembic downgrade --sql` would run; what it says when it fails comes last.

    A migration that reads the database cannot be written as SQL: that it fails so says nothing
    about whether it could be undone.
    """
    sql = _STOPPED.sub("", text)
    operations = tuple(_operations(sql, "")) if _HEADER.search(sql) else ()
    if sql == text:
        nothing = "" if _HEADER.search(sql) else "Nothing would be undone: no downgrade."
        return Reversal("alembic", operations, nothing, broken=bool(nothing))
    return _failed(text, operations)


def _failed(text: str, operations: tuple[Operation, ...]) -> Reversal:
    last = [match[0] for match in _SAID.finditer(text)][-1:] or [text.strip()[-200:]]
    reason = last[0].removeprefix("FAILED: ").removeprefix("UNTOLD: ").rstrip(".")[:200]
    at = [match[1] for match in _HEADER.finditer(text)][-1:]
    where = f"{at[0]} " if at else ""
    if last[0].startswith("NotImplementedError"):
        stuck = f"{where}cannot be undone ({reason}): the reversal would stop there."
        return Reversal("alembic", operations, stuck, broken=True)
    if last[0].startswith("FAILED: ") and "--sql mode" not in reason:
        return Reversal("alembic", operations, f"Alembic says: {reason}.", broken=True)
    return Reversal(
        "alembic", operations, f"{where}needs the live database, {_LIVE}: {reason}.".lstrip()
    )


def read_sql(text: str, tool: str = "sql", migration: str = "") -> Reversal:
    """What a script of SQL would do, statement by statement."""
    return Reversal(tool, tuple(_operations(text, migration)))


def _operations(text: str, migration: str) -> Iterator[Operation]:
    for piece, statement in _statements(text):
        if header := _HEADER.search(piece):
            migration = header[1]
        if statement and not _ITS_OWN.match(statement) and not _FRAME.match(statement):
            for part in _parts(statement):
                yield _operation(migration, part)


def _statements(text: str) -> Iterator[tuple[str, str]]:
    """Each statement with its comments, and without them on one line."""
    whole, bare = "", ""
    for match in _STATEMENTS.finditer(text):
        piece = match[0]
        if piece == ";":
            yield whole, " ".join(bare.split())
            whole = bare = ""
            continue
        whole += piece
        bare += "" if piece.startswith("--") else piece
    yield whole, " ".join(bare.split())


def _parts(statement: str) -> Iterator[str]:
    """A statement that does several things, as one statement for each."""
    match = _SEVERAL.match(statement)
    if match is None:
        yield statement
        return
    for part in _separated(statement[match.end() :]):
        yield f"{match[0]}{part}"


def _separated(text: str) -> Iterator[str]:
    """What commas separate that stand in no brackets and no quotes."""
    depth, part = 0, ""
    for match in _LIST.finditer(text):
        depth += (match[0] == "(") - (match[0] == ")")
        if match[0] == "," and depth <= 0:
            yield part.strip()
            part = ""
        else:
            part += match[0]
    yield part.strip()


def _operation(migration: str, statement: str) -> Operation:
    for pattern, effect, groups in _DONE:
        if match := pattern.match(statement):
            named = dict(zip(groups, match.groups(), strict=False))
            return Operation(
                migration, statement[:200], effect, named.get("table", ""), named.get("column", "")
            )
    return Operation(migration, statement[:200], Effect.UNKNOWN)
