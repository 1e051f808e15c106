"""Many sockets on one rollback."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.asyncio.client import connect

from .rows import Rows
from .servers import Console

WATCHERS = 500


@pytest.mark.slow
def test_five_hundred_watchers_lose_nothing(web: Console, rows: Rows) -> None:
    rollback = rows.rollback()
    run = rows.run(rollback)
    session = rows.session(rows.person())
    written = [f"line {n} of what everybody sees\n" for n in range(2_000)]
    total = sum(len(line) for line in written)

    async def watch(greeted: asyncio.Semaphore) -> str:
        text, offset = [], 0
        async with connect(
            web.socket(rollback.pk),
            origin=web.url,  # type: ignore[arg-type]
            additional_headers={"Cookie": f"sessionid={session}"},
            compression=None,
            open_timeout=120,
            ping_interval=None,
        ) as socket:
            async for message in socket:
                frame = json.loads(message)
                if frame["type"] == "hello":
                    greeted.release()
                if frame["type"] == "log" and frame["offset"] == offset:
                    text.append(frame["text"])
                    offset = frame["end"]
                if offset == total:
                    return "".join(text)
        raise AssertionError(f"closed at {offset} of {total} bytes")

    async def crowd() -> list[str]:
        greeted = asyncio.Semaphore(0)
        watching = [asyncio.create_task(watch(greeted)) for _ in range(WATCHERS)]
        for _ in range(WATCHERS):
            await greeted.acquire()
        for start in range(0, len(written), 50):
            piece = "".join(written[start : start + 50]).encode()
            await asyncio.to_thread(rows.append, run, piece)
        return await asyncio.gather(*watching)

    assert set(asyncio.run(crowd())) == {"".join(written)}
