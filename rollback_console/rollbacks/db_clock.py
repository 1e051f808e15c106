"""The database's clock: the only one that leases, approvals and limits listen to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import DateTimeField, Expression, ExpressionWrapper, Value
from django.db.models.functions import Now

_NOW = {"sqlite": "SELECT STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW')", "mysql": "SELECT UTC_TIMESTAMP(6)"}

_moment: ContextVar[list[datetime] | None] = ContextVar("moment", default=None)


def later(delta: timedelta) -> Expression:
    """Now on the database's clock plus `delta`, for use inside a query."""
    return ExpressionWrapper(Now() + Value(delta), output_field=DateTimeField())


@contextmanager
def at_one_moment() -> Iterator[None]:
    """All that asks for the time in this block is given the same one."""
    token = _moment.set([])
    try:
        yield
    finally:
        _moment.reset(token)


def now() -> datetime:
    """Now on the database's clock, in UTC; costs one query."""
    known = _moment.get()
    if known:
        return known[0]
    moment = _read_clock()
    if known is not None:
        known.append(moment)
    return moment


def _read_clock() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute(_NOW[connection.vendor])
        moment = cursor.fetchone()[0]
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return moment.replace(tzinfo=UTC)  # type: ignore[no-any-return]
