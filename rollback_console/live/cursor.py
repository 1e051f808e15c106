"""How far a reader has come, and the frames that take it further."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any
from uuid import UUID

MOST_RUNS = 5_000
LONGEST_RESUME = 512 * 1024


class NotAResume(ValueError):
    """A client sent something else than a resume; `str()` says what was expected."""


class Fit(Enum):
    """How a frame relates to a cursor: already seen, the very next, or not adjoining."""

    SEEN = auto()
    NEXT = auto()
    APART = auto()


@dataclass(frozen=True, slots=True)
class Frame:
    """One message, as JSON `text` built once for every socket.

    An event has its `seq`. A log piece has its run `token` and covers raw bytes
    [`offset`, `end`). Anything else (presence) has neither.
    """

    text: str
    seq: int = 0
    token: str = ""
    offset: int = 0
    end: int = 0


@dataclass(slots=True)
class LiveCursor:
    """The last event's seq, and the raw byte offset reached in each run's log by token."""

    seq: int = 0
    offsets: dict[str, int] = field(default_factory=dict)

    def copy(self) -> LiveCursor:
        """The same cursor, moving on its own."""
        return LiveCursor(self.seq, dict(self.offsets))

    def fit(self, frame: Frame) -> Fit:
        """Whether the frame adjoins this cursor."""
        if frame.token:
            return _fit(self.offsets.get(frame.token, 0), frame.offset, frame.end)
        return _fit(self.seq, frame.seq - 1, frame.seq) if frame.seq else Fit.NEXT

    def pass_by(self, frame: Frame) -> None:
        """Move past a frame."""
        if frame.token:
            self.offsets[frame.token] = frame.end
        elif frame.seq:
            self.seq = frame.seq


def resume(text: str) -> LiveCursor:
    """The cursor in `{"type": "resume", "seq": n, "offsets": {token: n}}`.

    Raises NotAResume for anything else: nothing else may be sent.
    """
    if len(text) > LONGEST_RESUME:
        raise NotAResume("A resume must be smaller.")
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise NotAResume("Send a resume as JSON.") from error
    if not isinstance(raw, dict) or raw.keys() != {"type", "seq", "offsets"}:
        raise NotAResume("Send only type, seq and offsets.")
    if raw["type"] != "resume":
        raise NotAResume("This socket is read-only: send only resume.")
    return parse_cursor(raw["seq"], raw["offsets"])


def parse_cursor(seq: Any, offsets: Any) -> LiveCursor:
    """A checked cursor. Raises NotAResume unless seq and offsets are counts by run token."""
    if not _count(seq):
        raise NotAResume("seq must be a whole number from 0.")
    if not isinstance(offsets, dict) or len(offsets) > MOST_RUNS:
        raise NotAResume("offsets must map run tokens to bytes.")
    if not all(_count(offset) for offset in offsets.values()):
        raise NotAResume("An offset must be a whole number from 0.")
    try:
        return LiveCursor(seq, {str(UUID(token)): offset for token, offset in offsets.items()})
    except ValueError as error:
        raise NotAResume("A run token must be a UUID.") from error


def _fit(here: int, start: int, end: int) -> Fit:
    if end <= here:
        return Fit.SEEN
    return Fit.NEXT if start == here else Fit.APART


def _count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**62
