from .automated_check import Look
from .pin import PERSON, Pin
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
    Rollback,
    StepAnswer,
    StepRun,
)

__all__ = [
    "Approval",
    "BreakGlass",
    "ChecklistAnswer",
    "Event",
    "Lock",
    "LogChunk",
    "Look",
    "Message",
    "PERSON",
    "PERSON",
    "Pin",
    "ProcessSeen",
    "Rollback",
    "StepAnswer",
    "StepRun",
]
