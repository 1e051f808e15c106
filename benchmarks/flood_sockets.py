"""Many sockets in a process of their own: `python -m benchmarks.flood_sockets`.

Arguments: address, origin, session cookie, count. Prints "ready" once each was greeted; after a
line on its input {"open", "frames", "p50", "p99"} as JSON: how many are still open, the frames
with text, and milliseconds between the moment that their first line holds and their arrival.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from websockets.asyncio.client import connect

from .results import percentiles

AT_ONCE = 50


class Crowd:
    """How late frames came, and how many sockets are open."""

    def __init__(self, count: int) -> None:
        self.late: list[float] = []
        self.open = 0
        self.greeted = 0
        self.all_greeted = asyncio.Event()
        self._count, self._opening = count, asyncio.Semaphore(AT_ONCE)

    async def watch(self, address: str, origin: str, cookie: str) -> None:
        """Open one socket and listen until it is closed."""
        async with self._opening:
            socket = await connect(
                address,
                origin=origin,  # type: ignore[arg-type]
                additional_headers={"Cookie": f"sessionid={cookie}"},
                compression=None,
                open_timeout=120,
                ping_interval=None,
            )
        self.open += 1
        try:
            async for message in socket:
                self._take(json.loads(message))
        finally:
            self.open -= 1

    def _take(self, frame: dict[str, str]) -> None:
        if frame["type"] == "hello":
            self.greeted += 1
            if self.greeted == self._count:
                self.all_greeted.set()
        if frame["type"] == "log" and self.all_greeted.is_set():
            moment = frame["text"].partition("\n")[0]
            if len(moment) == len(str(time.time_ns())):
                self.late.append((time.time_ns() - int(moment)) / 1e6)


async def main(address: str, origin: str, cookie: str, count: int) -> None:
    """Open all, say so, and say at the end what came."""
    crowd = Crowd(count)
    tasks = [asyncio.create_task(crowd.watch(address, origin, cookie)) for _ in range(count)]
    greeted = asyncio.create_task(crowd.all_greeted.wait())
    await asyncio.wait([greeted, *tasks], timeout=240, return_when=asyncio.FIRST_COMPLETED)
    print(f"ready: {crowd.greeted} greeted", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    cuts = percentiles(crowd.late) if len(crowd.late) > 1 else {}
    print(json.dumps({"open": crowd.open, "frames": len(crowd.late), **cuts}), flush=True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    _, where, origin, cookie, count = sys.argv
    asyncio.run(main(where, origin, cookie, int(count)))
