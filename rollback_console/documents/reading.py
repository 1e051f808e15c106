"""Any plan document: one in canonical form strictly, every other as a proposal."""

from __future__ import annotations

from rollback_console.documents.model import PlanDocument

from .canonical.reader import is_canonical, read_canonical
from .markdown.source import decode
from .parse.reader import read_proposal


def read(data: bytes | str) -> PlanDocument:
    """What the document says. Any text of up to 256 KiB gives a document, however strange.

    Raises errors.UnreadableDocument for more than that, for binary data, for bytes that are
    neither UTF-8 nor UTF-16 with a byte order mark, and (as errors.NotCanonical, with line and
    reason) for a text that says `plan: 1` and does not keep to it.
    """
    text, _ = decode(data)
    return read_canonical(data) if is_canonical(text) else read_proposal(data)
