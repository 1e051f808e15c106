"""The database's clock: the only one that leases, approvals and limits listen to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import DateTimeField, Expression, ExpressionWrapper, Value
from django.db.models.functions import Now

_NOW = {"sqlite": "SELECT STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW')", "mysql": "SELECT UTC_TIMESTAMP(6)"}


def later(delta: timedelta) -> Expression:
    """Now on the database's clock plus `delta`, for use inside a query."""
    return ExpressionWrapper(Now() + Value(delta), output_field=DateTimeField())


def now() -> datetime:
    """Now on the database's clock, in UTC; costs one query."""
    with connection.cursor() as cursor:
        cursor.execute(_NOW[connection.vendor])
        moment = cursor.fetchone()[0]
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return moment.replace(tzinfo=UTC)  # type: ignore[no-any-return]
