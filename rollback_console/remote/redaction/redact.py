"""Masks secrets in what comes from a host before it is stored, wherever chunks happen to end.

A safety net, not a boundary: a command that means to show a secret can, by any encoding
not listed in `secret_forms`. The mask is as long as what it hides and line ends stay, so offsets
and line numbers of what is stored are those of what the host wrote.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

from .secret_forms import SHORTEST, needles

LONGEST_HOLD = 1024 * 1024  # bytes
LONG = 16  # bytes of a needle from which on fewer places need a look
_MASK = bytes(byte if byte in b"\r\n" else ord("*") for byte in range(256))

Span = tuple[int, int]


def redact(text: str, secrets: Iterable[str]) -> str:
    """A whole text with every form of the secrets masked, each byte of one by an asterisk."""
    raw = text.encode("utf-8", "surrogatepass")
    return redact_bytes(raw, secrets).decode("utf-8", "surrogatepass")


def redact_bytes(data: bytes, secrets: Iterable[str]) -> bytes:
    """The same for bytes that come whole."""
    return _masked(data, _matcher(frozenset(secrets)).spans(data))


class Redactor:
    """`feed` it raw bytes and store what it returns; `flush` gives the rest at the end.

    Exactly as many bytes come out as went in. What may be the beginning of a secret is held
    back, and nothing is released that ends within one: one who starts anew at `released`
    misses none. Only a log that repeats a secret without a gap for 1 MiB is released all the
    same.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._matcher = _matcher(frozenset(secrets))
        self._raw = b""
        self._covered = 0  # leading bytes of _raw that belong to a secret already released
        self.released = 0  # raw bytes, since the beginning, that were returned

    def feed(self, data: bytes) -> bytes:
        """The bytes that are safe to store now, masked."""
        self._raw += data
        return self._release(self._matcher.settled(self._raw))

    def flush(self) -> bytes:
        """All that is held back: nothing more will come to complete a secret."""
        return self._release(len(self._raw))

    def _release(self, limit: int) -> bytes:
        if limit <= 0 and len(self._raw) <= LONGEST_HOLD:
            return b""
        spans = self._spans()
        count = _outside(spans, limit)
        if len(self._raw) - count > LONGEST_HOLD:
            count = max(limit, len(self._raw) - self._matcher.longest)
        text = _masked(self._raw[:count], spans)
        self._covered = max((end - count for start, end in spans if start < count), default=0)
        self._raw = self._raw[count:]
        self.released += count
        return text

    def _spans(self) -> list[Span]:
        """Where every needle lies in what is held, also where they overlap; last first."""
        covered = [(0, self._covered)] if self._covered > 0 else []
        return sorted(covered + self._matcher.spans(self._raw), reverse=True)


class _Grams:
    """Needles found by looking at every few bytes, however many needles there are.

    A needle of at least `shortest` bytes holds, at one of its first `stride` places, a gram
    that begins at a multiple of `stride` in the text.
    """

    def __init__(self, forms: Sequence[bytes], width: int) -> None:
        self.width = width
        self.stride = min(map(len, forms), default=width) - width + 1
        self.places: dict[bytes, list[tuple[int, bytes]]] = defaultdict(list)
        for form in forms:
            for place in range(self.stride):
                self.places[form[place : place + width]].append((place, form))

    def spans(self, raw: bytes) -> list[Span]:
        """Where needles lie in `raw`, in no order."""
        places, width = self.places, self.width
        if not places:
            return []
        hits = [
            at
            for at in range(0, len(raw) - width + 1, self.stride)
            if raw[at : at + width] in places
        ]
        return [
            (at - place, at - place + len(form))
            for at in hits
            for place, form in places[raw[at : at + width]]
            if at >= place and raw.startswith(form, at - place)
        ]


class _Matcher:
    """Finds the needles of a set of secrets in a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._sorted = sorted(set().union(*map(needles, secrets)))
        self.longest = max(map(len, self._sorted), default=1)
        self._heads = {form[:SHORTEST] for form in self._sorted}
        self._short = _Grams([each for each in self._sorted if len(each) < LONG], 4)
        self._long = _Grams([each for each in self._sorted if len(each) >= LONG], SHORTEST)

    def spans(self, raw: bytes) -> list[Span]:
        """Where every needle lies in `raw`, also where they overlap; in no order."""
        return self._short.spans(raw) + self._long.spans(raw)

    def settled(self, raw: bytes) -> int:
        """How many leading bytes of `raw` no more bytes can make the beginning of a needle."""
        first = max(len(raw) - self.longest + 1, 0)
        heads, whole = self._heads, len(raw) - SHORTEST + 1
        for at in range(first, len(raw)):
            if (at >= whole or raw[at : at + SHORTEST] in heads) and self._begins(raw[at:]):
                return at
        return len(raw)

    def _begins(self, rest: bytes) -> bool:
        """Whether some needle begins with `rest`."""
        at = bisect_left(self._sorted, rest)
        return at < len(self._sorted) and self._sorted[at].startswith(rest)


@lru_cache(maxsize=64)
def _matcher(secrets: frozenset[str]) -> _Matcher:
    """Many texts are masked for the same secrets, and preparing a matcher takes a while."""
    return _Matcher(secrets)


def _outside(spans: list[Span], limit: int) -> int:
    """The last place up to `limit` that is not within a span."""
    for start, end in spans:
        if start < limit < end:
            limit = start
    return limit


def _masked(raw: bytes, spans: list[Span]) -> bytes:
    if not spans:
        return raw
    text = bytearray(raw)
    for start, end in spans:
        text[start:end] = text[start:end].translate(_MASK)
    return bytes(text)
