"""The one door through which a snapshot is read to act: its hash is verified every time.

Three hashes have to be one: that of the text, the one beside it in the row, and the one that
people decided about, in the stream of events and in their approvals.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from rollback_console.engine.snapshot import Snapshot
from rollback_console.engine.states import RollbackState

from ..errors import SnapshotChanged
from ..models import BreakGlass, Rollback
from .view import snapshot_of

_BEFORE_APPROVAL = frozenset({RollbackState.REQUESTED, RollbackState.REJECTED})
_FROZEN = ("rollback.requested", "rollback.renewed")
_DECIDED = ("rollback.approved", "break_glass.used", "rollback.started")


def approved_snapshot(rollback: Rollback) -> Snapshot:
    """What was requested and, from the approval on, approved. Raises SnapshotChanged.

    Whoever is about to act on a snapshot reads it here; `view.snapshot_of` is for showing one.
    """
    return SnapshotGuard().snapshot(rollback)


def why_changed(rollback: Rollback) -> str:
    """Why a rollback's snapshot is not what people decided about; "" when it is."""
    return SnapshotGuard().why_changed(rollback)


def is_readable(rollback: Rollback) -> bool:
    """Whether a rollback's snapshot can be parsed, so that a page can show it."""
    try:
        snapshot_of(rollback.snapshot)
    except ValueError:
        return False
    return True


def why_untrue(rollback: Rollback) -> str:
    """Why a page that shows a rollback's snapshot shows something else than was asked for, or
    was approved; "" when it is that. A loaded incident was never asked for here."""
    if _sha256(rollback.snapshot) != rollback.snapshot_sha256:
        return (
            "What stands here was changed in the database: its text does not have the hash "
            f"{rollback.snapshot_sha256[:12]}… that was recorded with it. Do not rely on it; "
            "verify_audit says what else differs."
        )
    frozen = rollback.events.filter(kind__in=_FROZEN).exists()
    if frozen and not _on_record(rollback, _FROZEN):
        return (
            "What stands here was changed in the database: nobody asked for the hash "
            f"{rollback.snapshot_sha256[:12]}…. Do not rely on it; verify_audit says what else "
            "differs."
        )
    return ""


@dataclass(slots=True)
class SnapshotGuard:
    """Verifies one rollback's snapshot again and again; the text's hash each time.

    What people decided about is asked anew only when the row names another hash.
    """

    proven: str = ""

    def snapshot(self, rollback: Rollback) -> Snapshot:
        """What people decided about. Raises SnapshotChanged."""
        if why := self.why_changed(rollback):
            raise SnapshotChanged(why)
        return snapshot_of(rollback.snapshot)

    def why_changed(self, rollback: Rollback) -> str:
        """Why the snapshot is not what people decided about; "" when it is."""
        if _sha256(rollback.snapshot) != rollback.snapshot_sha256:
            return (
                "What was to run was changed in the database: its text does not have the hash "
                f"{rollback.snapshot_sha256[:12]}… any more. Nothing of it was started. Find out "
                "who can write to the database before you ask for a new rollback."
            )
        if rollback.snapshot_sha256 != self.proven:
            if not _was_decided(rollback):
                return (
                    "What was to run was changed in the database: nobody decided about the hash "
                    f"{rollback.snapshot_sha256[:12]}…. Nothing of it was started. Find out who "
                    "can write to the database before you ask for a new rollback."
                )
            self.proven = rollback.snapshot_sha256
        return ""


def _was_decided(rollback: Rollback) -> bool:
    if rollback.state in _BEFORE_APPROVAL:
        return _on_record(rollback, _FROZEN)
    return _on_record(rollback, _FROZEN) and _on_record(rollback, _DECIDED) and _is_bound(rollback)


def _on_record(rollback: Rollback, kinds: tuple[str, ...]) -> bool:
    """Whether the last event of these kinds names the hash in the row."""
    events = rollback.events.filter(kind__in=kinds).order_by("-seq")
    facts = events.values_list("facts", flat=True).first()
    return facts is not None and facts.get("snapshot") == rollback.snapshot_sha256


def _is_bound(rollback: Rollback) -> bool:
    """Whether an approval, or a start without one, is about the hash in the row."""
    sha256 = rollback.snapshot_sha256
    approvals = rollback.approvals.filter(given=True, snapshot_sha256=sha256)
    broken = BreakGlass.objects.filter(rollback=rollback, snapshot_sha256=sha256)
    return approvals.exists() or broken.exists()


@lru_cache(maxsize=256)
def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
