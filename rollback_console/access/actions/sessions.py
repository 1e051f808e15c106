"""Sessions of a person: which there are, and ending them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from rollback_console.audit import kinds
from rollback_console.audit.record import record_change
from rollback_console.plans.permission import require_self_or_admin

from ..errors import AccessError
from ..session_expiry import BEGAN, SEEN

ADDRESS, AGENT = "address", "agent"
"""Where a session's own data hold from where, and with which browser, it began."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A browser in which somebody is signed in. `name` stands for the key, which is secret."""

    name: str
    address: str
    agent: str
    began_at: datetime | None
    seen_at: datetime | None
    is_this: bool


def open_sessions(person: User, *, this: str | None) -> list[OpenSession]:
    """Where a person is signed in, the latest first; `this` is the key of the one that asks."""
    rows = [_described(key, data, this) for key, data in _sessions_of(person)]
    return sorted(rows, key=lambda row: row.seen_at or _LONG_AGO, reverse=True)


def end_session(person: User, *, by: User, name: str) -> None:
    """Sign a person out in one browser. Raises AccessError when it is signed out already."""
    require_self_or_admin(by, person)
    keys = [key for key, _ in _sessions_of(person) if _name(key) == name]
    with transaction.atomic():
        if not keys or not Session.objects.filter(session_key__in=keys).delete()[0]:
            raise AccessError("That session has ended already.")
        record_change(kinds.SESSION_ENDED, by=by, subject=person)


def end_sessions(person: User, *, but: str | None = None) -> int:
    """Sign a person out everywhere, except from the session with the key `but`.

    Returns how many ended.
    """
    keys = [key for key, _ in _sessions_of(person) if key != but]
    Session.objects.filter(session_key__in=keys).delete()
    return len(keys)


def _sessions_of(person: User) -> Iterator[tuple[str, dict[str, Any]]]:
    """A session names its person inside its signed data: all that have not expired are opened."""
    for row in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        data = row.get_decoded()
        if data.get(SESSION_KEY) == str(person.pk):
            yield row.session_key, data


def _described(key: str, data: dict[str, Any], this: str | None) -> OpenSession:
    return OpenSession(
        _name(key),
        str(data.get(ADDRESS, "")),
        str(data.get(AGENT, "")),
        _moment(data.get(BEGAN)),
        _moment(data.get(SEEN)),
        key == this,
    )


def _name(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _moment(seconds: float | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
