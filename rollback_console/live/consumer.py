"""The socket of one rollback: greets, streams, and hears nothing but a resume."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from importlib import import_module
from typing import Any

from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth.models import User
from django.db import Error
from structlog.contextvars import bind_contextvars

from rollback_console.access import session_expiry
from rollback_console.access.second_factor import may_enter
from rollback_console.common.people import display_name

from . import metrics, tailer
from .cursor import Fit, Frame, LiveCursor, NotAResume, resume
from .socket_bound import SocketPlace

log = logging.getLogger(__name__)

NOT_A_RESUME = 4400
SIGNED_OUT = 4401
NO_SUCH_ROLLBACK = 4404
TOO_SLOW = 4008
TOO_MANY = 4429
BROKEN = 1011
LOOK_AGAIN = 15.0
PATIENCE = 30.0
"""Seconds a client may take to read what was sent before it is closed."""


class RollbackConsumer(AsyncWebsocketConsumer):
    """DESIGN's WebSocket contract; a `log` frame also carries `end`, the next offset."""

    async def connect(self) -> None:
        self.number: int = self.scope["url_route"]["kwargs"]["number"]
        bind_contextvars(rollback=self.number)
        self.reader = tailer.Reader(_name(self.scope["user"]), self._late, self._break)
        self._own: set[asyncio.Task[None]] = set()
        self._streaming: asyncio.Task[None] | None = None
        self._caught_up = self._broken = self._counted = False
        self._place = SocketPlace(self.scope)
        if not await _may_watch(self.scope["user"], self.scope["session"]):
            # Before it is accepted: whoever is nobody holds no socket. Browsers hear of it by HTTP.
            await self.close(SIGNED_OUT, "Sign in first.")
            return
        if not self._place.take():
            await self.close(TOO_MANY, "Close other pages of this console first.")
            return
        await self.accept()
        if (hello := await tailer.read_hello(self.number)) is None:
            await self.close(NO_SUCH_ROLLBACK, "There is no such rollback.")
        else:
            await self._greet(*hello)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            cursor = resume(text_data or "")
        except NotAResume as error:
            await self.close(NOT_A_RESUME, str(error))
            return
        if self._streaming:
            await _cancel(self._streaming)
            self._stream(cursor)

    async def disconnect(self, code: int) -> None:
        self._place.leave()
        tailer.leave(self.number, self.reader)
        metrics.sockets.dec(self._counted)
        self._counted = False
        for each in list(self._own):
            await _cancel(each)

    async def _greet(self, frame: Frame, cursor: LiveCursor) -> None:
        await self.send(frame.text)
        self._counted = True
        metrics.sockets.inc()
        tailer.join(self.number, cursor, self.reader)
        self._keep(self._look_again())
        self._stream(cursor)

    def _stream(self, cursor: LiveCursor) -> None:
        self._streaming = self._keep(self._pump(cursor))

    async def _pump(self, cursor: LiveCursor) -> None:
        """History in pages until caught up, then the queue; back to history at any gap."""
        try:
            while True:
                cursor = await self._history(cursor)
                await self._queued(cursor)
        except TimeoutError:
            await self._close_late()
        except OSError:
            log.debug("The socket is gone.")

    async def _history(self, cursor: LiveCursor) -> LiveCursor:
        self._caught_up, more = False, True
        self.reader.begin()
        while more:
            try:
                page = await tailer.read_after(self.number, cursor)
            except Error as error:
                log.warning("Rollback %s cannot be read now: %s", self.number, error)
                await asyncio.sleep(tailer.EVERY)
                continue
            async with asyncio.timeout(PATIENCE):
                for frame in page.frames:
                    await self.send(frame.text)
            cursor, more = page.cursor, page.more
        return cursor

    async def _queued(self, cursor: LiveCursor) -> None:
        self._caught_up = True
        while not self.reader.late:
            frame = await self.reader.get()
            fit = cursor.fit(frame)
            if fit is Fit.APART:
                return
            if fit is Fit.NEXT:
                async with asyncio.timeout(PATIENCE):
                    await self.send(frame.text)
                cursor.pass_by(frame)

    def _late(self) -> None:
        # Frames dropped while history is read are read from the database afterwards.
        if self._caught_up:
            self._keep(self._close_late())

    async def _close_late(self) -> None:
        tailer.leave(self.number, self.reader)
        if self._streaming and self._streaming is not asyncio.current_task():
            await _cancel(self._streaming)
        await self.close(TOO_SLOW, "Too slow: connect again and resume.")

    async def _look_again(self) -> None:
        """A person who signed out, was deactivated or lost the right is not served for long."""
        while True:
            await asyncio.sleep(LOOK_AGAIN)
            try:
                scope = _fresh(self.scope["session"].session_key)
                may = await _may_watch(await get_user(scope), scope["session"])
            except Error as error:
                log.warning("Who watches cannot be looked up now: %s", error)
                continue
            if not may:
                await self.close(SIGNED_OUT, "Sign in again.")
                return

    def _keep(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run beside the socket, strongly referenced until done."""
        started = asyncio.create_task(work)
        self._own.add(started)
        started.add_done_callback(self._done)
        return started

    def _done(self, work: asyncio.Task[None]) -> None:
        """What failed must not look like silence."""
        self._own.discard(work)
        error = None if work.cancelled() else work.exception()
        if error and not self._broken and not isinstance(error, OSError):
            log.error("The socket of rollback %s failed.", self.number, exc_info=error)
            self._break()

    def _break(self) -> None:
        if not self._broken:
            self._broken = True
            self._keep(self.close(BROKEN, "Something failed; the server's log says what."))


@database_sync_to_async
def _may_watch(user: Any, session: Any) -> bool:
    return may_enter(user) and not session_expiry.over(session)


def _name(user: object) -> str:
    return display_name(user) if isinstance(user, User) else ""


def _fresh(key: str | None) -> Any:
    """A scope that holds nothing but the session as it is stored now."""
    return {"session": import_module(settings.SESSION_ENGINE).SessionStore(key)}


async def _cancel(each: asyncio.Task[None]) -> None:
    each.cancel()
    await asyncio.wait({each})
