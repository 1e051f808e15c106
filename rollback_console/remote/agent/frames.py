"""The agent's language: frames of two lengths, a head in JSON, and a body of raw bytes.

Pure. What a host sends is bounded and checked here before anything is made of it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

HEADER = struct.Struct(">II")
HEAD_CAP = 64 * 1024  # bytes
BODY_CAP = 256 * 1024  # bytes of what a host sends
PAYLOAD_CAP = 16 * 1024 * 1024  # bytes of what a host takes
VERSION = 1


class BadFrame(Exception):
    """What arrived is no frame of ours; the sentence says why."""


@dataclass(frozen=True, slots=True)
class AgentFrame:
    """One word of the agent about the call `call`."""

    call: int
    head: dict[str, Any]
    body: bytes = field(default=b"", repr=False)


def encode(head: dict[str, Any], body: bytes = b"") -> bytes:
    """The bytes of one frame."""
    text = json.dumps(head, separators=(",", ":")).encode()
    return HEADER.pack(len(text), len(body)) + text + body


@dataclass(slots=True)
class FrameReader:
    """Cuts what arrives into frames."""

    _rest: bytearray = field(default_factory=bytearray, repr=False)

    def feed(self, data: bytes) -> Iterator[AgentFrame]:
        """Each frame that is now complete. Raises BadFrame."""
        self._rest += data
        while (frame := self._cut()) is not None:
            yield frame

    def _cut(self) -> AgentFrame | None:
        if len(self._rest) < HEADER.size:
            return None
        head_size, body_size = HEADER.unpack_from(self._rest)
        if head_size > HEAD_CAP or body_size > BODY_CAP:
            raise BadFrame("it sent a frame that is too large")
        head_end = HEADER.size + head_size
        if len(self._rest) < head_end + body_size:
            return None
        head, body = self._rest[HEADER.size : head_end], self._rest[head_end : head_end + body_size]
        del self._rest[: head_end + body_size]
        return _checked(bytes(head), bytes(body))


def _checked(text: bytes, body: bytes) -> AgentFrame:
    try:
        head = json.loads(text)
    except ValueError as error:
        raise BadFrame("it sent a frame that cannot be read") from error
    number = head.get("call") if isinstance(head, dict) else None
    if not isinstance(number, int):
        raise BadFrame("it sent a frame that belongs to nothing")
    return AgentFrame(number, head, body)
