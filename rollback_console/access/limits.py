"""How often something may be asked for."""

from __future__ import annotations

import time

from django.core.cache import caches


def spend(what: str, *, most: int, seconds: int, cache: str = "default") -> int:
    """Count one `what`; 0 when it is within `most` in this window of `seconds`.

    Else the seconds until the next window. "default" counts for all web processes together,
    "process" for this one alone and without a question to the database.
    """
    now = int(time.time())
    window, into = divmod(now, seconds)
    key, store = f"limit:{what}:{window}", caches[cache]
    store.add(key, 0, seconds * 2)
    try:
        count = store.incr(key)
    except ValueError:  # removed between the two calls to make room
        return 0
    return 0 if count <= most else seconds - into
