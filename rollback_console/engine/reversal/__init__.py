"""What undoing migrations does to data, read from what their own tools print beforehand.

Pure: text in, values out. Knows no host and no database.
"""

from .alembic import read_alembic, read_sql
from .django import SQL_FOLLOWS, read_django
from .effects import Effect, Operation, Reversal
from .flyway import read_flyway
from .rails import read_rails

__all__ = [
    "SQL_FOLLOWS",
    "Effect",
    "Operation",
    "Reversal",
    "read_alembic",
    "read_django",
    "read_flyway",
    "read_rails",
    "read_sql",
]
