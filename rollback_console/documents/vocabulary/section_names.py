"""What a heading announces, by its words alone."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from ..markdown.folded_text import fold, fold_heading
from . import synonyms


class SectionKind(StrEnum):
    """A part of a plan. `never` is understood and never runs, `about` describes, `unknown` is
    kept and reported."""

    UNKNOWN = "unknown"
    NEVER = "never"
    ABOUT = "about"
    TRIGGERS = "triggers"
    NO_GO = "no-go"
    DECISION = "decision"
    PRECONDITIONS = "preconditions"
    STEPS = "steps"
    VERIFICATION = "verification"
    DATA = "data"
    COMMUNICATION = "communication"
    MESSAGE = "message"
    CONTACTS = "contacts"
    TIME = "time"
    AFTER = "after"
    PREVENTION = "prevention"


# The narrower meaning first: "post-rollback verification" verifies, "rollback decision" decides.
_ORDER: tuple[tuple[SectionKind, re.Pattern[str]], ...] = tuple(
    (part, re.compile(pattern))
    for part, pattern in (
        (SectionKind.MESSAGE, synonyms.MESSAGE),
        (SectionKind.NO_GO, synonyms.NO_GO),
        (SectionKind.NEVER, synonyms.NEVER),
        (SectionKind.ABOUT, synonyms.ABOUT),
        (SectionKind.PREVENTION, synonyms.PREVENTION),
        (SectionKind.VERIFICATION, synonyms.SUCCESS),
        (SectionKind.TRIGGERS, synonyms.TRIGGERS),
        (SectionKind.PRECONDITIONS, synonyms.PRECONDITIONS),
        (SectionKind.VERIFICATION, synonyms.VERIFICATION),
        (SectionKind.TIME, synonyms.TIME),
        (SectionKind.DATA, synonyms.DATA),
        (SectionKind.CONTACTS, synonyms.CONTACTS),
        (SectionKind.COMMUNICATION, synonyms.COMMUNICATION),
        (SectionKind.DECISION, synonyms.DECISION),
        (SectionKind.AFTER, synonyms.AFTER),
    )
)
_ROLLBACK = re.compile(synonyms.ROLLBACK)
_FORWARD = re.compile(synonyms.FORWARD)
_STEPS = re.compile(synonyms.STEPS)
_FOLLOW_UP = re.compile(synonyms.FOLLOW_UP)
_WARNS = re.compile(
    r"(?:important )?warnings?$|caution$|dangers?$|risks?\b|point of no return|advertencia|avertissement|warnung|警告"
    r"|تحذير"
)
_OUTRIGHT = re.compile(
    r"\bsteps?\b|procedure|process\b|instructions|how to|execution|\bpasos\b|procedimiento"
    r"|^do this$|^what to do|deroule|mode operatoire|marche a suivre|etapes|schritte|vorgehen|ablauf"
    r"|步骤|流程|操作|خطوات|اجراء"
)
_PLURAL = re.compile(
    r"procedures\b|methods\b|options\b|scenarios\b|strategies\b|procedimientos|opciones|escenarios"
    r"|methodes\b|optionen\b|verfahren\b|方案|场景|الخيارات|الطرق"
)


def part_of(heading: str) -> SectionKind:
    """The part a heading announces; `unknown` when its words say nothing."""
    # No heading is longer; a paragraph taken for one says nothing after that.
    return _part_of(heading[:200])


@lru_cache(maxsize=8192)
def _part_of(heading: str) -> SectionKind:
    folded = fold_heading(heading)
    for part, pattern in _ORDER:
        if pattern.search(folded):
            return part
    if _WARNS.match(folded):
        return SectionKind.DATA
    if speaks_of_going_back(heading):
        return SectionKind.STEPS
    if _FORWARD.search(folded):
        return SectionKind.NEVER
    return SectionKind.STEPS if _STEPS.search(folded) else SectionKind.UNKNOWN


def says_steps(heading: str) -> bool:
    """Whether the words promise steps outright: "steps", "procedure", "how to"."""
    return bool(_OUTRIGHT.search(fold_heading(heading)))


def speaks_of_going_back(text: str) -> bool:
    """Whether the words are about a rollback, in any of the languages known."""
    return bool(_ROLLBACK.search(fold(text)))


def speaks_of_going_forward(text: str) -> bool:
    """Whether the words are about a deployment, which this console never runs."""
    return bool(_FORWARD.search(fold(text)))


def is_only_forward(heading: str) -> bool:
    """A heading that never runs for nothing but its talk of deploying."""
    folded = fold_heading(heading)
    strong = any(part is SectionKind.NEVER and pattern.search(folded) for part, pattern in _ORDER)
    return not strong and bool(_FORWARD.search(folded))


def is_follow_up(heading: str) -> bool:
    """Whether actions under this heading can wait."""
    return bool(_FOLLOW_UP.search(fold(heading)))


def holds_several_ways(heading: str) -> bool:
    """Whether the heading promises alternatives: "methods", "options", "scenarios"."""
    return bool(_PLURAL.search(fold_heading(heading)))
