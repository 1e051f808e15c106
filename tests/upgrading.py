"""What in a migration hurts a process that still runs the release before it.

Such a process goes on reading and writing the tables it knows, with every column it knows and no
other one. So nothing it uses may go or change its name, and nothing new may be demanded of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.fields import NOT_PROVIDED

_GONE = {
    migrations.DeleteModel: "removes the table of",
    migrations.RenameModel: "renames the table of",
    migrations.AlterModelTable: "renames the table of",
    migrations.RemoveField: "removes a column of",
    migrations.RenameField: "renames a column of",
}
_RULES = (
    migrations.AddConstraint,
    migrations.AlterUniqueTogether,
    migrations.AlterIndexTogether,
    migrations.AlterOrderWithRespectTo,
)
_OWN_WORDS = (migrations.RunSQL, migrations.RunPython)


def dangers(operation: Operation, before: ProjectState, app: str) -> Iterator[str]:
    """Why the release before could not work on after this; nothing when it could."""
    name = getattr(operation, "model_name", getattr(operation, "name", ""))
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        for each in operation.database_operations:
            yield from dangers(each, before, app)
    elif isinstance(operation, migrations.AddField):
        if not may_be_left_out(operation.field):
            yield f"demands {name}.{operation.name}, which an older process does not give"
    elif isinstance(operation, migrations.AlterField):
        old = before.models[app, name.lower()].fields[operation.name]
        yield from (f"{what} {name}.{operation.name}" for what in _tightened(old, operation.field))
    elif isinstance(operation, _RULES):
        yield f"forbids in {name} what an older process may write"
    elif isinstance(operation, _OWN_WORDS):
        yield "does what only a reader can judge"
    else:
        yield from (f"{what} {name}" for kind, what in _GONE.items() if type(operation) is kind)


def may_be_left_out(field: models.Field) -> bool:  # type: ignore[type-arg]
    """Whether a row can be inserted by somebody who does not know the column."""
    if field.many_to_many or field.null:
        return True
    return getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED


def _tightened(old: models.Field, new: models.Field) -> Iterator[str]:  # type: ignore[type-arg]
    if old.null and not new.null:
        yield "forbids NULL in"
    if type(old) is not type(new):
        yield "changes the type of"
    if new.unique and not old.unique:
        yield "demands uniqueness of"
    if old.max_length and new.max_length and new.max_length < old.max_length:
        yield "shortens"
