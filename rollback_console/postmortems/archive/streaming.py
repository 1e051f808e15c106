"""A long answer, piece by piece, under an asynchronous server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

from django.db import connections


async def apart(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """`pieces`, each made on one thread of their own, whose connections are closed at the end.

    ASGI would gather a synchronous iterator in memory first; a database cursor must stay on
    its thread.
    """
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(max_workers=1) as thread:
        try:
            while (piece := await loop.run_in_executor(thread, next, pieces, None)) is not None:
                yield piece
        finally:
            await loop.run_in_executor(thread, connections.close_all)
