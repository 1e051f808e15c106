"""Hints through Redis that something changed. They may be lost; nothing depends on them."""

from __future__ import annotations

import json
import logging
import time
from functools import cache

import redis
from django.conf import settings

log = logging.getLogger(__name__)

_QUIET = 5.0
_quiet_until = 0.0


def channel(rollback_id: int) -> str:
    """The pub/sub channel of one rollback."""
    return f"rollback:{rollback_id}"


def publish(rollback_id: int, seq: int = 0) -> None:
    """Say that the rollback has news: events up to `seq`, or log. Never raises or waits long.

    After a failure it stays silent for a few seconds, so that a dead Redis costs nothing.
    """
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return
    try:
        _client().publish(channel(rollback_id), json.dumps({"rollback": rollback_id, "seq": seq}))
    except (redis.RedisError, OSError) as error:
        _quiet_until = time.monotonic() + _QUIET
        log.warning("No hints for a while: Redis does not answer (%s).", error)


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=0.5, socket_connect_timeout=0.5, retry=None
    )
