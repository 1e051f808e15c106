"""Counting on a host what would be lost: columns and tables that go, and a plan's measures."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rollback_console.common.host_numbers import first_number
from rollback_console.engine.loss import Count
from rollback_console.engine.reversal import Effect, Operation, Reversal
from rollback_console.remote.protocol import Answer
from rollback_console.remote.shell_text import enter_folder

from .migrations import MigrationQuestion

_MARK = "rollback-console-count "
# Runs inside the deployed code, which alone knows its tables; it only reads.
_SCRIPT = f"""
import json, os
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
for app, model, column in json.loads(os.environ["ROLLBACK_CONSOLE_COUNT"]):
    answer = {{"table": model, "column": column, "rows": 0, "name": model}}
    try:
        kind = apps.get_model(app, model)
        rows, answer["name"] = kind._base_manager.all(), kind._meta.db_table
        if column:
            field = kind._meta.get_field(column)
            if field.many_to_many:
                rows = field.remote_field.through._base_manager.all()
            elif field.null:
                rows = rows.exclude(**{{column: None}})
            elif field.has_default() and not callable(field.default):
                rows = rows.exclude(**{{column: field.default}})
        answer["rows"] = rows.count()
    except (LookupError, FieldDoesNotExist):
        answer["rows"] = 0
    except Exception as error:
        answer["rows"], answer["why"] = None, str(error)[:200]
    print("{_MARK}" + json.dumps(answer))
"""
_MOST = 10**18  # what is more is no count
_IN = enter_folder() + 'shift; exec "$@"'


def removed(reversal: Reversal) -> list[Operation]:
    """What goes with everything in it, once for each table or column."""
    whole = {each.table.lower() for each in _gone(reversal) if not each.column}
    by_name = {
        (each.table.lower(), each.column.lower()): each
        for each in _gone(reversal)
        if not each.column or each.table.lower() not in whole
    }
    return list(by_name.values())


def counting(question: MigrationQuestion, operations: list[Operation]) -> list[str]:
    """The argument list that counts what `operations` remove, through the service's code."""
    columns = [[each.migration.partition(".")[0], each.table, each.column] for each in operations]
    variable = f"ROLLBACK_CONSOLE_COUNT={json.dumps(columns)}"
    account, run = _split(question.python)
    shell = (*account, "env", variable, *run, "shell", "-v", "0", "-c", _SCRIPT)
    return ["sh", "-c", _IN, "sh", question.cwd, *shell]


def counted(removed: list[Operation], answer: Answer) -> list[Count]:
    """A Count for each of `removed`; one that was not answered, or not well, is unknown."""
    lines = answer.output.decode(errors="replace").splitlines()
    rows = [_row(line[len(_MARK) :]) for line in lines if line.startswith(_MARK)]
    by_name = {(each.get("table"), each.get("column")): each for each in rows}
    return [_count(each, by_name.get((each.table, each.column), {})) for each in removed]


def _row(text: str) -> dict[str, object]:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    names = ("table", "column")
    well = isinstance(row, dict) and all(isinstance(row.get(name), str) for name in names)
    return row if well else {}


def uncounted(removed: list[Operation], why: str) -> list[Count]:
    """What could not even be asked."""
    return [Count(_what(each, each.table), None, why, each.table, each.column) for each in removed]


def measure(what: str, answer: Answer) -> Count:
    """What a plan's own measure says: the first number it prints."""
    text = answer.output.decode(errors="replace")
    number = first_number(text)
    if answer.exit_code != 0:
        output = (answer.errors or answer.output).decode(errors="replace").strip().splitlines()
        why = f"{what} could not be counted: {output[-1][:200] if output else 'no reason given'}"
        return Count(what, None, f"{why.rstrip('.')}.")
    if number is None or number < 0:
        return Count(what, None, f"{what} could not be counted: its command printed no number.")
    return Count(what, number)


def _gone(reversal: Reversal) -> Iterator[Operation]:
    return (each for each in reversal.operations if each.effect is Effect.GOES and each.table)


def _split(python: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """`sudo -n -u NAME` must come before `env`, since sudo drops the environment."""
    return (python[:4], python[4:]) if python[:1] == ("sudo",) else ((), python)


def _count(operation: Operation, row: dict[str, object]) -> Count:
    what = _what(operation, _text(row.get("name"), operation.table))
    rows = row.get("rows")
    if not isinstance(rows, int) or isinstance(rows, bool) or not 0 <= rows < _MOST:
        reason = _text(row.get("why"), "the service gave no answer")
        why = f"{what} could not be counted: {reason}."
        return Count(what, None, why, operation.table, operation.column)
    return Count(what, rows, "", operation.table, operation.column)


def _text(value: object, otherwise: str) -> str:
    """JSON can spell halves of characters, which no database stores."""
    return value.encode(errors="replace").decode()[:200] if isinstance(value, str) else otherwise


def _what(operation: Operation, table: str) -> str:
    return f"values in {table}.{operation.column}" if operation.column else f"rows in {table}"
