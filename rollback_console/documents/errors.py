"""What can go wrong at this floor. Each message is a sentence an operator can act on.

DocumentError
|- UnreadableDocument   the bytes are not a plan document at all
|- Unrenderable        a value cannot be put into this shell text safely
'- UnknownEdit          an edit names a step or a fix this document does not have
"""

from __future__ import annotations


class DocumentError(Exception):
    """Base of every error this room raises."""


class UnreadableDocument(DocumentError):
    """Too large, binary, or not text in a known encoding."""


class Unrenderable(DocumentError):
    """A placeholder stands where no value can be inserted without being executed."""


class UnknownEdit(DocumentError):
    """The edit does not fit the document it was meant for."""
