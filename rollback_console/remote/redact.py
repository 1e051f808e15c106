"""Masks secrets in a stream of bytes before it is stored, wherever chunks happen to end.

A safety net, not a boundary: a command that means to show a secret can, by any encoding
not listed in `needles`. The mask is as long as what it hides and line ends stay, so offsets
and line numbers of what is stored are those of what the host wrote.
"""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

SHORTEST = 6  # bytes; a shorter secret would mask half of any log
LONGEST_HOLD = 1024 * 1024  # bytes
_MASK = bytes(byte if byte in b"\r\n" else ord("*") for byte in range(256))


def needles(secret: str) -> set[bytes]:
    """Every form of a secret that is looked for: plain, each of its lines, as JSON writes
    them, as a URL does, and in base64 at each of the three places it can begin at."""
    forms: set[bytes] = set()
    for text in {secret, secret.strip(), *(line.strip() for line in secret.splitlines())}:
        raw = _bytes(text)
        if len(raw) >= SHORTEST:
            forms |= {raw, *_json(text), *_url(raw), *_base64(raw)}
    return {form for form in forms if len(form) >= SHORTEST}


def _bytes(text: str) -> bytes:
    """What a host may have been sent for it; half a character, which no host is sent, as it is."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


class Redactor:
    """`feed` it raw bytes and store what it returns; `flush` gives the rest at the end.

    Exactly as many bytes come out as went in. One byte less than the longest needle has is
    held back, because a secret may have begun there, and nothing is released that ends
    within a secret: one who starts anew at `released` misses none. Only a log that repeats
    a secret without a gap for 1 MiB is released all the same.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._needles = sorted(set().union(*map(needles, secrets)))
        self._hold = max(map(len, self._needles), default=1) - 1
        self._raw = b""
        self._covered = 0  # leading bytes of _raw that belong to a secret already released
        self.released = 0  # raw bytes, since the beginning, that were returned

    def feed(self, data: bytes) -> bytes:
        """The bytes that are safe to store now, masked."""
        self._raw += data
        return self._release(len(self._raw) - self._hold)

    def flush(self) -> bytes:
        """All that is held back: nothing more will come to complete a secret."""
        return self._release(len(self._raw))

    def _release(self, limit: int) -> bytes:
        if limit <= 0:
            return b""
        spans = self._spans()
        count = _outside(spans, limit)
        if len(self._raw) - count > LONGEST_HOLD:
            count = limit
        text = _masked(self._raw[:count], spans)
        self._covered = max((end - count for start, end in spans if start < count), default=0)
        self._raw = self._raw[count:]
        self.released += count
        return text

    def _spans(self) -> list[tuple[int, int]]:
        """Where every needle lies in what is held, also where they overlap; last first."""
        spans = [(0, self._covered)] if self._covered > 0 else []
        for needle in self._needles:
            start = self._raw.find(needle)
            while start >= 0:
                spans.append((start, start + len(needle)))
                start = self._raw.find(needle, start + 1)
        return sorted(spans, reverse=True)


def _outside(spans: list[tuple[int, int]], limit: int) -> int:
    """The last place up to `limit` that is not within a span."""
    for start, end in spans:
        if start < limit < end:
            limit = start
    return limit


def _masked(raw: bytes, spans: list[tuple[int, int]]) -> bytes:
    if not spans:
        return raw
    text = bytearray(raw)
    for start, end in spans:
        text[start:end] = text[start:end].translate(_MASK)
    return bytes(text)


def _json(text: str) -> set[bytes]:
    forms = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    forms |= {form.replace("/", "\\/") for form in forms}  # as PHP writes them
    return {_bytes(form) for form in forms}


def _url(raw: bytes) -> set[bytes]:
    forms = {quote(raw, safe=""), quote(raw), quote_plus(raw)}
    return {form.encode() for form in forms} | {_lower_hex(form).encode() for form in forms}


def _lower_hex(form: str) -> str:
    first, *rest = form.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])


def _base64(raw: bytes) -> set[bytes]:
    """Without the characters at either end that also depend on the neighbours."""
    forms = set()
    for before in range(3):
        first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
        padded = bytes(before) + raw
        forms |= {b64encode(padded)[first:last], urlsafe_b64encode(padded)[first:last]}
    return forms
