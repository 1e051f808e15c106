"""When a tailer reads: at once after silence, and in turns while a log flows."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from rollback_console.live import tailer
from rollback_console.live.cursor import Frame, LiveCursor
from rollback_console.live.frames import Page

AT = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = 3600.0


class Database:
    """What a tailer reads from: `write` adds a page and gives the hint that there is one."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.hint = asyncio.Event()

    def write(self, text: str, stored_at: datetime | None = None) -> None:
        self.pages.append(Page([Frame(text)], LiveCursor(), more=False, stored_at=stored_at))
        self.hint.set()

    async def read(self, number: int, cursor: LiveCursor) -> Page:
        return self.pages.pop(0) if self.pages else Page([], cursor, more=False)

    async def listen(self, number: int, wake: asyncio.Event) -> None:
        while True:
            await self.hint.wait()
            self.hint.clear()
            wake.set()


async def next_text(reader: tailer.Reader) -> str:
    while '"presence"' in (frame := await reader.get()).text:
        pass
    return frame.text


def test_the_first_output_after_silence_is_sent_without_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every pause is an hour here, so whatever waited for one would never come."""

    async def watch() -> None:
        database = Database()
        for name in ("EVERY", "FLUSH", "FLUSH_MANY"):
            monkeypatch.setattr(tailer, name, HOUR)
        monkeypatch.setattr(tailer, "read_after", database.read)
        monkeypatch.setattr(tailer, "listen", database.listen)
        reader = tailer.Reader("ada", on_late=lambda: None, on_broken=lambda: None)
        tailer.join(1, LiveCursor(), reader)
        database.write("the step started")
        assert await next_text(reader) == "the step started"
        database.write("its first line", AT)
        assert await next_text(reader) == "its first line"
        database.write("its second line", AT)
        while database.hint.is_set():
            await asyncio.sleep(0)
        assert len(database.pages) == 1  # what follows is paced
        tailer.leave(1, reader)

    asyncio.run(watch())
