"""What can go wrong in this layer. Each message is a sentence an operator can act on.

DocumentError
|- UnreadableDocument   the bytes are not a plan document at all
|  '- NotCanonical      a text that says `plan: 1` does not keep to the canonical form
|- ArrangementError    a change of an arrangement does not fit it
|- Unwritable          a value has no place in the canonical form
|- Unrenderable        a value cannot be put into this shell text safely
'- UnknownEdit          an edit names a step or a fix this document does not have
"""

from __future__ import annotations


class DocumentError(Exception):
    """Base of every error this room raises."""


class UnreadableDocument(DocumentError):
    """Too large, binary, or not text in a known encoding."""


class NotCanonical(UnreadableDocument):
    """A text that says it is canonical, and where (`line`, 1-based) and why it is not."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Line {line}: {reason}")
        self.line = line
        self.reason = reason


class ArrangementError(DocumentError):
    """What a person wants to change does not fit the arrangement as it is."""


class Unwritable(DocumentError):
    """What the document says would read differently once it is written in canonical form."""


class Unrenderable(DocumentError):
    """A placeholder stands where no value can be inserted without being executed."""


class UnknownEdit(DocumentError):
    """The edit does not fit the document it was meant for."""
