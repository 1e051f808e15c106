"""Many browsers' sockets in a process of their own: `python -m benchmarks.viewers`.

Arguments: address of the socket, origin, session cookie, viewers, lines. Prints "ready" when
each viewer was greeted, and at the end {"p50", "p99", "lost"} as JSON: milliseconds between
the moment that the oldest line of each frame holds (nanoseconds since 1970) and its arrival,
over all viewers, and how many lines did not come.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from websockets.asyncio.client import connect

from .results import percentiles

LIMIT = 8 * 1024 * 1024


class Viewer:
    """Keeps how late each frame came."""

    def __init__(self, expected: int) -> None:
        self.late: list[float] = []
        self.lines = 0
        self._wanted, self._rest = expected, ""

    async def watch(self, address: str, origin: str, session: str, greeted: asyncio.Event) -> None:
        """Until all lines came."""
        async with connect(
            address,
            origin=origin,  # type: ignore[arg-type]
            additional_headers={"Cookie": f"sessionid={session}"},
            compression=None,
            max_size=LIMIT,
            open_timeout=120,
            ping_interval=None,
        ) as socket:
            async for message in socket:
                self._take(json.loads(message), greeted)
                if self.lines >= self._wanted:
                    return

    def _take(self, frame: dict[str, str], greeted: asyncio.Event) -> None:
        if frame["type"] == "hello":
            greeted.set()
        if frame["type"] == "log":
            now = time.time_ns()
            whole, mark, rest = (self._rest + frame["text"]).rpartition("\n")
            self._rest = rest
            if mark:
                self.lines += whole.count("\n") + 1
                self.late.append((now - int(whole.partition("\n")[0])) / 1e6)


async def main(address: str, origin: str, session: str, count: int, lines: int) -> None:
    """All viewers at once."""
    viewers = [(Viewer(lines), asyncio.Event()) for _ in range(count)]
    watching = [
        asyncio.create_task(viewer.watch(address, origin, session, greeted))
        for viewer, greeted in viewers
    ]
    for _, greeted in viewers:
        await greeted.wait()
    print("ready", flush=True)
    done, _ = await asyncio.wait(watching, timeout=120)
    for each in done:
        each.result()
    late = [each for viewer, _ in viewers for each in viewer.late]
    came = sum(viewer.lines for viewer, _ in viewers)
    print(json.dumps({**percentiles(late), "lost": count * lines - came}))


if __name__ == "__main__":
    _, where, origin, session, count, lines = sys.argv
    asyncio.run(main(where, origin, session, int(count), int(lines)))
