"""One tailer per process and rollback: reads the database once for every socket that watches."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from channels.db import database_sync_to_async
from django.db import Error

from . import frames, metrics
from .cursor import Frame, LiveCursor
from .listener import listen

log = logging.getLogger(__name__)

EVERY = 1.0
FLUSH = 0.025
FLUSH_MANY = 0.05
MANY = 200
PRESENCE = 10.0
QUEUE = 1024
HELD = 8 * 1024 * 1024
"""Frames, and characters of them, that may wait for one socket."""

read_after = database_sync_to_async(frames.after, thread_sensitive=False)
read_hello = database_sync_to_async(frames.hello, thread_sensitive=False)


class Reader:
    """One socket's bounded queue. `late` is set once frames were dropped because it was full."""

    def __init__(
        self, who: str, on_late: Callable[[], None], on_broken: Callable[[], None]
    ) -> None:
        self.who = who
        self.late = False
        self.on_broken = on_broken
        self._on_late = on_late
        self._queue: asyncio.Queue[Frame] = asyncio.Queue()
        self._held = 0

    def put(self, frame: Frame) -> None:
        """Hand over one frame; never waits."""
        if self.late:
            return
        if self._queue.qsize() >= QUEUE or self._held >= HELD:
            self.late = True
            self._on_late()
            return
        self._held += len(frame.text)
        self._queue.put_nowait(frame)

    async def get(self) -> Frame:
        """The next frame, once there is one."""
        frame = await self._queue.get()
        self._held -= len(frame.text)
        return frame

    def begin(self) -> None:
        """Forget what is queued: its frames will be read from the database."""
        self.late, self._held, self._queue = False, 0, asyncio.Queue()


class Tailer:
    """Reads what is new on a hint, and every second regardless; ends with its last reader."""

    def __init__(self, number: int, cursor: LiveCursor) -> None:
        self.number = number
        self.readers: set[Reader] = set()
        self._place = cursor
        self._heard = asyncio.Event()
        self._known: list[str] = []
        self._said = 0.0
        # The loop keeps only a weak reference to a task; without this one it may vanish.
        self._reading = asyncio.create_task(self._run())

        self._reading.add_done_callback(self._ended)

    def stop(self) -> None:
        """End reading."""
        self._reading.cancel()

    def _ended(self, reading: asyncio.Task[None]) -> None:
        """A tailer that died must not look like a quiet one: its sockets are told."""
        if reading.cancelled():
            return
        log.error("Reading rollback %s failed.", self.number, exc_info=reading.exception())
        _forget(self)
        for reader in list(self.readers):
            reader.on_broken()

    async def _run(self) -> None:
        listening = asyncio.create_task(listen(self.number, self._heard))
        try:
            while True:
                self._heard.clear()
                page = await self._turn()
                self._presence()
                if page and page.stored_at:  # log paces what follows; after silence it is sent
                    await asyncio.sleep(FLUSH_MANY if len(self.readers) > MANY else FLUSH)
                if not (page and page.more):
                    await self._wait()
        finally:
            listening.cancel()

    async def _turn(self) -> frames.Page | None:
        """Send what is new; None while the database cannot be read."""
        try:
            page: frames.Page = await read_after(self.number, self._place)
        except Error as error:
            log.warning("Rollback %s cannot be read now: %s", self.number, error)
            return None
        self._place = page.cursor
        metrics.arrived(page.stored_at)
        for frame in page.frames:
            self._fan_out(frame)
        return page

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(EVERY):
                await self._heard.wait()

    def _presence(self) -> None:
        """Who watches: on a change, and now and then so that a silent link is noticed."""
        people = sorted({reader.who for reader in self.readers})
        if people == self._known and time.monotonic() - self._said < PRESENCE:
            return
        self._known, self._said = people, time.monotonic()
        body = {"type": "presence", "seq": self._place.seq, "people": people[:50]}
        self._fan_out(Frame(json.dumps({**body, "count": len(people)}, ensure_ascii=False)))

    def _fan_out(self, frame: Frame) -> None:
        for reader in self.readers:
            reader.put(frame)


_tailers: dict[tuple[asyncio.AbstractEventLoop, int], Tailer] = {}


def join(number: int, cursor: LiveCursor, reader: Reader) -> None:
    """Queue what follows for `reader`; the first one starts the tailer, at `cursor`."""
    key = (asyncio.get_running_loop(), number)
    if key not in _tailers:
        _tailers[key] = Tailer(number, cursor.copy())
    _tailers[key].readers.add(reader)


def _forget(tailer: Tailer) -> None:
    for key in [key for key, each in _tailers.items() if each is tailer]:
        del _tailers[key]


def leave(number: int, reader: Reader) -> None:
    """Stop; the last one to leave ends the tailer."""
    key = (asyncio.get_running_loop(), number)
    if tailer := _tailers.get(key):
        tailer.readers.discard(reader)
        if not tailer.readers:
            _tailers.pop(key).stop()
