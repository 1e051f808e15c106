"""Hints out of Redis: that something changed, never what. A dead Redis only costs time."""

from __future__ import annotations

import asyncio
import logging

import redis.asyncio
from django.conf import settings
from redis.exceptions import RedisError

from rollback_console.rollbacks.change_hints import channel

log = logging.getLogger(__name__)

AGAIN = 2.0


async def listen(number: int, wake: asyncio.Event) -> None:
    """Set `wake` at every hint about a rollback, until cancelled."""
    quiet = False
    while True:
        try:
            await _follow(number, wake)
        except (RedisError, OSError) as error:
            if not quiet:
                log.warning("No hints for rollback %s, looking every second: %s", number, error)
            quiet = True
        await asyncio.sleep(AGAIN)


async def _follow(number: int, wake: asyncio.Event) -> None:
    # Without a read timeout: an idle rollback is not a broken connection.
    client = redis.asyncio.Redis.from_url(
        settings.REDIS_URL, socket_timeout=None, socket_connect_timeout=2
    )
    async with client, client.pubsub() as subscription:
        await subscription.subscribe(channel(number))
        wake.set()
        async for _ in subscription.listen():
            wake.set()
