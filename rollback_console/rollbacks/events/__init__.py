"""The one stream of events of a rollback: gapless, chained by hash, written with the change."""

from .record import (
    APPROVAL_ANSWERED,
    APPROVAL_ASKED,
    APPROVAL_ESCALATED,
    APPROVAL_NUDGED,
    APPROVAL_REMINDED,
    BREAK_GLASS_REFUSED,
    BREAK_GLASS_REVIEWED,
    BREAK_GLASS_USED,
    Flaw,
    digest,
    flaws,
    log,
    record,
)

__all__ = [
    "APPROVAL_ANSWERED",
    "APPROVAL_ASKED",
    "APPROVAL_ESCALATED",
    "APPROVAL_NUDGED",
    "APPROVAL_REMINDED",
    "BREAK_GLASS_REFUSED",
    "BREAK_GLASS_REVIEWED",
    "BREAK_GLASS_USED",
    "Flaw",
    "digest",
    "flaws",
    "log",
    "record",
]
