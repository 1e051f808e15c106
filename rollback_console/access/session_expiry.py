"""Sessions end after a while without their person, and after so many hours in any case."""

from __future__ import annotations

import time
from collections.abc import Mapping, MutableMapping
from typing import Any

from django.conf import settings

BEGAN, SEEN = "began_at", "seen_at"
_COARSE = 60.0
"""Seconds: how exactly it is kept when somebody was last there."""


def over(session: Mapping[str, Any]) -> bool:
    """Whether nobody may go on with this session."""
    now = time.time()
    idle = now - float(session.get(SEEN, now))
    age = now - float(session.get(BEGAN, now))
    return idle > settings.SESSION_IDLE.total_seconds() or age > settings.SESSION_COOKIE_AGE


def seen(session: MutableMapping[str, Any]) -> None:
    """Its person is there."""
    now = time.time()
    session.setdefault(BEGAN, now)
    if now - float(session.get(SEEN, 0)) > _COARSE:
        session[SEEN] = now
