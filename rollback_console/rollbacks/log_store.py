"""Logs as rows of up to 64 KiB: written by the driver, read by everyone."""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, pairwise
from typing import Any

from .models import LogChunk, StepRun

CHUNK = 64 * 1024

_SAYS_UNREADABLE = (b"[This part of the log cannot be read.]", b"[unreadable]")
_NEWLINE = re.compile(rb"\n")


@dataclass(slots=True)
class Tail:
    """Where a run's stored log ends: its length in bytes, lines begun, and whether the
    next byte begins a new line."""

    offset: int = 0
    lines: int = 0
    at_line_start: bool = True


def tail(run: StepRun) -> Tail:
    """The end of what is stored of a run's log."""
    last = run.chunks.order_by("-offset").first() if run.stored else None
    if last is None:
        return Tail()
    return Tail(run.stored, run.lines, unpack(last).endswith(b"\n"))


def append(run_id: int, end: Tail, data: bytes, at: datetime) -> list[LogChunk]:
    """Unsaved rows for `data`, which follows `end` and came at `at`; moves `end` past it."""
    pieces = (data[start : start + CHUNK] for start in range(0, len(data), CHUNK))
    return [_chunk(run_id, end, piece, at) for piece in pieces]


class UnreadableRow(ValueError):
    """A row of a log holds something else than the console wrote."""


def unpack_strictly(chunk: LogChunk) -> bytes:
    """The raw bytes of one row. Raises UnreadableRow when it does not hold its `length`."""
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(_packed(chunk.data), CHUNK + 1)
    except zlib.error as error:
        raise UnreadableRow(str(error)) from error
    if not inflater.eof or len(data) != chunk.length:
        raise UnreadableRow("It holds more or less than it says.")
    return data


def unpack(chunk: LogChunk) -> bytes:
    """The raw bytes of one row, to be shown: as many that say so where it cannot be read."""
    try:
        return unpack_strictly(chunk)
    except UnreadableRow:
        length = min(max(chunk.length, 0), CHUNK)
        starts = [0, *(start for start in line_starts(chunk) if 0 < start < length), length]
        return b"".join(_unreadable(end - start) for start, end in pairwise(starts))


def line_starts(chunk: LogChunk) -> tuple[int, ...]:
    """Offsets within the row at which lines begin, as far as they can be read."""
    try:
        packed = _packed(chunk.line_starts)
    except UnreadableRow:
        return ()
    whole = packed[: len(packed) // 4 * 4]
    starts = struct.unpack(f"<{len(whole) // 4}I", whole)
    return tuple(start for start in dict.fromkeys(sorted(starts)) if start < chunk.length)


def read_log(run: StepRun, offset: int = 0, limit: int | None = None) -> bytes:
    """Stored bytes from `offset`, at most `limit` of them."""
    end = run.stored if limit is None else offset + limit
    return b"".join(stream(run, offset, end))


def stream(run: StepRun, offset: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Stored bytes in [offset, end), row by row, so that memory stays bounded."""
    rows = run.chunks.filter(offset__gt=offset - CHUNK).order_by("offset")
    if end is not None:
        rows = rows.filter(offset__lt=end)
    for chunk in rows.iterator(chunk_size=16):
        data = unpack(chunk)
        if end is not None:
            data = data[: end - chunk.offset]
        if piece := data[max(offset - chunk.offset, 0) :]:
            yield piece


def hash_log(run: StepRun) -> Any:
    """The SHA-256, as a hash object, of what is stored of a run's log, as it is shown."""
    digest = hashlib.sha256()
    for piece in stream(run):
        digest.update(piece)
    return digest


def check_log(run: StepRun) -> None:
    """Raise UnreadableRow where a row of a run's log cannot be read, or stands elsewhere."""
    end = 0
    for chunk in run.chunks.order_by("offset").iterator(chunk_size=16):
        if chunk.offset != end:
            raise UnreadableRow("It does not begin where the one before it ends.")
        end += len(unpack_strictly(chunk))


def holds(run: StepRun, text: bytes, last: bytes = b"") -> bool:
    """Whether `text` stands anywhere in what is stored followed by `last`, across rows too."""
    before = b""
    for piece in chain(stream(run), [last]):
        window = before + piece
        if text in window:
            return True
        before = window[-len(text) :]
    return False


def _packed(value: Any) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise UnreadableRow("It holds no bytes.")
    return bytes(value)


def _unreadable(length: int) -> bytes:
    """So many bytes that stand for a line, or the rest of one, that cannot be read."""
    text = next((each for each in _SAYS_UNREADABLE if len(each) < length), b"?" * (length - 1))
    return text.ljust(length - 1) + b"\n"


def _chunk(run_id: int, end: Tail, data: bytes, at: datetime) -> LogChunk:
    starts = [match.end() for match in _NEWLINE.finditer(data)]
    next_at_start = bool(starts) and starts[-1] == len(data)
    if next_at_start:
        starts.pop()
    if end.at_line_start:
        starts.insert(0, 0)
    chunk = LogChunk(
        run_id=run_id,
        offset=end.offset,
        length=len(data),
        first_line=end.lines,
        line_starts=struct.pack(f"<{len(starts)}I", *starts),
        data=zlib.compress(data, 1),
        at=at,
    )
    end.offset += len(data)
    end.lines += len(starts)
    end.at_line_start = next_at_start
    return chunk
