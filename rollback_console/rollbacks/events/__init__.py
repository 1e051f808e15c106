"""The one stream of events of a rollback: gapless, chained by hash, written with the change.

`record` writes an event, `flaws` finds what was changed afterwards. kinds.py declares every
kind once; wording.py turns an event into text for every reader.
"""

from .kinds import (
    APPROVAL_ANSWERED,
    APPROVAL_ASKED,
    APPROVAL_ESCALATED,
    APPROVAL_NUDGED,
    APPROVAL_REMINDED,
    BREAK_GLASS_REFUSED,
    BREAK_GLASS_REVIEWED,
    BREAK_GLASS_USED,
    KINDS,
    Kind,
    Role,
    Severity,
    kinds_with,
)
from .record import Flaw, digest, flaws, log, record
from .wording import actor, heading, predicate, sentence

__all__ = [
    "APPROVAL_ANSWERED",
    "APPROVAL_ASKED",
    "APPROVAL_ESCALATED",
    "APPROVAL_NUDGED",
    "APPROVAL_REMINDED",
    "BREAK_GLASS_REFUSED",
    "BREAK_GLASS_REVIEWED",
    "BREAK_GLASS_USED",
    "KINDS",
    "Flaw",
    "Kind",
    "Role",
    "Severity",
    "actor",
    "digest",
    "flaws",
    "heading",
    "kinds_with",
    "log",
    "predicate",
    "record",
    "sentence",
]
