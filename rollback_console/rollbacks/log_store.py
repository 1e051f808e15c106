"""Logs as rows of up to 64 KiB: written by the driver, read by everyone."""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from .models import LogChunk, StepRun

CHUNK = 64 * 1024

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


def unpack(chunk: LogChunk) -> bytes:
    """The raw bytes of one row."""
    return zlib.decompress(bytes(chunk.data))


def line_starts(chunk: LogChunk) -> tuple[int, ...]:
    """Offsets within the row at which lines begin."""
    packed = bytes(chunk.line_starts)
    return struct.unpack(f"<{len(packed) // 4}I", packed)


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
    """The SHA-256, as a hash object, of what is stored of a run's log."""
    digest = hashlib.sha256()
    for piece in stream(run):
        digest.update(piece)
    return digest


def holds(run: StepRun, text: bytes, last: bytes = b"") -> bool:
    """Whether `text` stands anywhere in what is stored followed by `last`, across rows too."""
    before = b""
    for piece in chain(stream(run), [last]):
        window = before + piece
        if text in window:
            return True
        before = window[-len(text) :]
    return False


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
