"""Bytes to text and back: what encoding a document came in, and where its lines are."""

from __future__ import annotations

import codecs
import re

from rollback_console.documents.errors import UnreadableDocument

LIMIT = 256 * 1024
_BREAK = re.compile(r"\r\n|\r|\n")
# UTF-16 is only believed with its byte order mark; without one it looks like binary.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decode(data: bytes | str) -> tuple[str, str]:
    """The text and its encoding: `utf-8`, `utf-8-sig`, `utf-16-le` or `utf-16-be`.

    Raises UnreadableDocument for more than 256 KiB, for binary data, and for bytes that
    are not text in one of these encodings.
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > LIMIT:
        raise UnreadableDocument(
            f"The document is {len(raw):,} bytes long and the limit is {LIMIT:,}."
            " Import only the part that is the rollback plan."
        )
    text, encoding = (data, "utf-8") if isinstance(data, str) else _decoded(data)
    if "\0" in text:
        raise UnreadableDocument("This is a binary file. Import the plan as Markdown text.")
    return text, encoding


def encode(text: str, encoding: str) -> bytes:
    """The bytes `decode` would read `text` from; `encoding` as it gave it."""
    if encoding.startswith("utf-16"):
        mark = codecs.BOM_UTF16_LE if encoding == "utf-16-le" else codecs.BOM_UTF16_BE
        return mark + text.encode(encoding)
    return text.encode(encoding, "surrogatepass")


def split_lines(text: str) -> list[str]:
    """The lines without their ends, counted as Markdown counts them (not as Unicode does)."""
    return _BREAK.split(text.removeprefix("\ufeff"))


def split_keeping_ends(text: str) -> list[str]:
    """The same lines with their ends, so that joining them gives `text` back."""
    ends = [match.end() for match in _BREAK.finditer(text)]
    starts = [0, *ends]
    return [text[a:b] for a, b in zip(starts, [*ends, len(text)], strict=True)]


def line_end(text: str) -> str:
    """How this text ends its lines, by its first one."""
    line_break = _BREAK.search(text)
    return line_break.group() if line_break else "\n"


def _decoded(data: bytes) -> tuple[str, str]:
    mark, encoding = next(
        ((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", "utf-8")
    )
    try:
        return data[len(mark) :].decode("utf-8" if "8" in encoding else encoding), encoding
    except UnicodeDecodeError as error:
        raise UnreadableDocument(
            f"Byte {error.start + len(mark):,} is not {encoding.removesuffix('-sig').upper()}"
            " text. Save the plan as UTF-8 and import it again."
        ) from error
