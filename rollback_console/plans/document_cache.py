"""A revision's document, read once and kept."""

from __future__ import annotations

from functools import lru_cache

from rollback_console import documents
from rollback_console.documents.errors import UnreadableDocument
from rollback_console.documents.model import PlanDocument

from .errors import UnreadablePlan
from .models import Revision


def document(revision: Revision) -> PlanDocument:
    """The revision's text, understood."""
    return read_cached(bytes(revision.source))


@lru_cache(maxsize=64)
def read_cached(source: bytes) -> PlanDocument:
    """What the console understands of a text. Raises UnreadablePlan with a sentence."""
    try:
        return documents.read(source)
    except UnreadableDocument as error:
        raise UnreadablePlan(str(error)) from error
