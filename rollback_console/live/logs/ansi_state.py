"""The colours a log is written in at some point, out of the bytes before it."""

from __future__ import annotations

import re

BACK = 16 * 1024
"""Bytes before a window in which its colours are looked for."""

_SGR = re.compile(rb"\x1b\[([0-9;:]*)m")
_MOST = 16


def pen(before: bytes) -> str:
    """Parameters of SGR (ECMA-48, 8.3.117) still in force after `before`, joined by ";".

    Only the last 16 sequences since a reset count.
    """
    standing: list[str] = []
    for match in _SGR.finditer(before):
        first, _, rest = match[1].decode("ascii").replace(":", ";").partition(";")
        if first.strip("0"):
            standing.append(f"{first};{rest}" if rest else first)
        else:
            standing = [rest] if rest else []
    return ";".join(standing[-_MOST:])
