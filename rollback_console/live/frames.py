"""From rows to frames: what lies after a cursor, in bounded pages."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import groupby
from operator import or_
from typing import Any

from django.db.models import F, Q

from rollback_console.common.people import display_name
from rollback_console.engine.states import IN_FLIGHT
from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.models import Event, LogChunk, Rollback, StepRun

from .cursor import Frame, LiveCursor
from .logs.epoch import milliseconds

EVENTS = 500
ROWS = 512
RUNS = 50
FRAME = 64 * 1024
PAGE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Page:
    """Frames in order, the cursor after them, and whether the database holds more.

    `stored_at` is when the newest log in them was stored, None without log.
    """

    frames: list[Frame]
    cursor: LiveCursor
    more: bool
    stored_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LogEnd:
    """What frames need to know of a run; `over` when not a byte can follow."""

    id: int
    token: str
    stored: int
    over: bool


def hello(number: int) -> tuple[Frame, LiveCursor] | None:
    """The greeting and the cursor a rollback is at now; None when there is none.

    `offsets` lets a client that was away skip logs it does not show.
    """
    seq = Rollback.objects.filter(pk=number).values_list("last_seq", flat=True).first()
    if seq is None:
        return None
    cursor = LiveCursor(seq, {log.token: log.stored for log in _logs(number)})
    return Frame(_json(type="hello", seq=seq, offsets=cursor.offsets)), cursor


def after(number: int, cursor: LiveCursor, *, named_only: bool = False) -> Page:
    """At most 500 events and about 1 MiB of logs that follow `cursor`.

    A run that `cursor` does not name is sent from its beginning, or not at all with `named_only`.
    """
    events = [_event(event) for event in _events(number, cursor.seq)]
    logs = [log for log in _logs(number) if not named_only or log.token in cursor.offsets]
    behind = [log for log in logs if log.stored > cursor.offsets.get(log.token, 0)]
    rows, cut = _rows(behind[:RUNS], cursor)
    frames = [*events, *_pieces(behind, rows, cursor)]
    reached = cursor.copy()
    for frame in frames:
        reached.pass_by(frame)
    more = bool(frames) and (len(events) == EVENTS or cut or len(behind) > RUNS)
    return Page(frames, reached, more, max((row.at for row in rows), default=None))


def text_of(data: bytes, *, final: bool) -> tuple[str, int]:
    """UTF-8 text, errors replaced, and how many bytes it took.

    A character that is not complete yet is held back unless the data is final.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data, final)
    return text, len(data) - (0 if final else len(decoder.getstate()[0]))


def _events(number: int, seq: int) -> Iterator[Event]:
    events = Event.objects.filter(rollback_id=number, seq__gt=seq).select_related("by")
    yield from events.order_by("seq")[:EVENTS]


def _event(event: Event) -> Frame:
    name = display_name(event.by) or None
    text = _json(
        type="event", seq=event.seq, kind=event.kind, by=name, at=event.at, facts=event.facts
    )
    return Frame(text, seq=event.seq)


def _logs(number: int) -> list[LogEnd]:
    rows = StepRun.objects.filter(rollback_id=number, stored__gt=0)
    return [
        LogEnd(pk, str(token), stored, state not in IN_FLIGHT)
        for pk, token, stored, state in rows.values_list("id", "token", "stored", "state")
    ]


def _rows(behind: list[LogEnd], cursor: LiveCursor) -> tuple[list[LogChunk], bool]:
    """Rows with bytes past the cursor, a page of them, and whether there are more.

    Their sizes are read first: rows may hold one line or 64 KiB.
    """
    if not behind:
        return [], False
    rows = LogChunk.objects.alias(end=F("offset") + F("length")).filter(_past(behind, cursor))
    sizes = list(rows.order_by("run", "offset").values_list("id", "length")[:ROWS])
    chosen, size = [], 0
    for pk, length in sizes:
        if size >= PAGE:
            break
        chosen.append(pk)
        size += length
    data = LogChunk.objects.filter(pk__in=chosen).only("run_id", "offset", "length", "data", "at")
    return list(data.order_by("run", "offset")), len(chosen) < len(sizes) or len(sizes) == ROWS


def _past(behind: list[LogEnd], cursor: LiveCursor) -> Q:
    """The lower bound on the offset lets the index do the work."""
    logs = [
        Q(run_id=log.id, offset__gt=here - log_store.CHUNK, end__gt=here, offset__lt=log.stored)
        for log in behind
        for here in [cursor.offsets.get(log.token, 0)]
    ]
    return reduce(or_, logs)


def _pieces(behind: list[LogEnd], rows: list[LogChunk], cursor: LiveCursor) -> Iterator[Frame]:
    by_id = {log.id: log for log in behind}
    for run_id, mine in groupby(rows, key=lambda row: row.run_id):
        log = by_id[run_id]
        yield from _log_frames(log, mine, cursor.offsets.get(log.token, 0))


def _log_frames(log: LogEnd, rows: Iterator[LogChunk], here: int) -> Iterator[Frame]:
    data, lines, times = b"", 0, list[tuple[int, int]]()
    for row in rows:
        piece = log_store.unpack(row)[max(here + len(data) - row.offset, 0) :]
        times.append((lines + bool(data and data[-1:] != b"\n"), milliseconds(row.at)))
        data, lines = data + piece, lines + piece.count(b"\n")
        if len(data) >= FRAME:
            frame = _log_frame(log, here, data, times)
            yield frame
            data, lines, here = data[frame.end - here :], 0, frame.end
            times = [(0, times[-1][1])] if data else []
    if data and (frame := _log_frame(log, here, data, times)).end > here:
        yield frame


def _log_frame(log: LogEnd, offset: int, data: bytes, times: list[tuple[int, int]]) -> Frame:
    """`times`: from which line of the text on, counted from 0, lines arrived when."""
    final = log.over and offset + len(data) >= log.stored
    text, taken = text_of(data, final=final)
    end = offset + taken
    where = {"token": log.token, "offset": offset, "end": end}
    body = _json(type="log", **where, times=times, text=text)
    return Frame(body, token=log.token, offset=offset, end=end)


def _json(**fields: Any) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
