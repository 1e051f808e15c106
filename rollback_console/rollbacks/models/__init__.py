"""The tables of rollbacks: requests, approvals, step runs, logs, events, checks and pins."""

from .automated_check import Look
from .pin import Pin
from .rollback import (
    PERSON,
    Approval,
    BreakGlass,
    ChecklistAnswer,
    Event,
    Lock,
    LogChunk,
    Message,
    ProcessSeen,
    RightGrant,
    Rollback,
    StepAnswer,
    StepRun,
)

__all__ = [
    "PERSON",
    "Approval",
    "BreakGlass",
    "ChecklistAnswer",
    "Event",
    "Lock",
    "LogChunk",
    "Look",
    "Message",
    "Pin",
    "ProcessSeen",
    "RightGrant",
    "Rollback",
    "StepAnswer",
    "StepRun",
]
