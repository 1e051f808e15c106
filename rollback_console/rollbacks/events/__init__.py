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
    OPEN_TO_READERS,
    EventSeverity,
    Kind,
    PostmortemRole,
    kinds_with,
)
from .record import digest, gathering_events, log, record, seal_event, stream_of
from .verification import flaws
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
    "OPEN_TO_READERS",
    "EventSeverity",
    "Kind",
    "PostmortemRole",
    "actor",
    "digest",
    "flaws",
    "gathering_events",
    "heading",
    "kinds_with",
    "log",
    "predicate",
    "record",
    "seal_event",
    "sentence",
    "stream_of",
]
