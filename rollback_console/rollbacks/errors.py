"""What a person or a driver may be told.

RollbackError
|- Refused            a person may not do that now; the text says what to do
|  |- Changed         what they saw is no longer what would run
|  `- SnapshotChanged what would run is not what people decided about
|- MovedOn            somebody else changed the state first
`- LeaseLost          another driver holds this rollback now; write nothing more
"""

from __future__ import annotations

from typing import Any


class RollbackError(Exception):
    """Base of everything this room raises."""


class Refused(RollbackError):
    """`str()` is a sentence for the person who asked."""


class Changed(Refused):
    """The snapshot differs from the one the person saw; `changes` lists (path, old, new).

    `seen` is the hash of the snapshot they saw where the rollback holds another one; "" where it
    is that one, and what it touches was changed since. `sentences` say by whom.
    """

    def __init__(
        self,
        changes: list[tuple[str, Any, Any]],
        *,
        seen: str = "",
        sentences: list[str] | None = None,
    ) -> None:
        advice = (
            "Read it again, then decide." if seen else "Refresh the request, then decide about it."
        )
        super().__init__(
            " ".join(["What would run has changed since you saw it.", *(sentences or []), advice])
        )
        self.changes = changes
        self.seen = seen
        self.sentences = sentences or []


class SecondPersonNeeded(Refused):
    """It is on record that somebody wants this; it happens once a second person asks for it."""


class SnapshotChanged(Refused):
    """A snapshot does not have the hash that was requested or approved: nobody acts on it."""


class MovedOn(RollbackError):
    """A guarded UPDATE matched no row."""


class LeaseLost(RollbackError):
    """The fence has risen: this driver's writes no longer count."""
