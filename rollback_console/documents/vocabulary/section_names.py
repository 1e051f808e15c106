"""What a heading announces, by its words alone."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from ..markdown.folded_text import fold, fold_heading
from . import synonyms
from .languages import Meaning, any_of
from .left_out import why_left_out


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
# What is left out (see `left_out`) stands between the first two and the rest.
_TABLE: tuple[tuple[SectionKind, str, Meaning | None], ...] = (
    # Success is what it comes after, not what is to be shown.
    (
        SectionKind.AFTER,
        r"^(?:immediately )?after (?:a |the )?successful (?:roll|recover|revert)|^after (?:executing|performing|completing)",
        None,
    ),
    (SectionKind.MESSAGE, synonyms.MESSAGE, None),
    (SectionKind.NO_GO, synonyms.NO_GO, None),
    (SectionKind.NEVER, "", None),
    (SectionKind.ABOUT, synonyms.ABOUT, None),
    (SectionKind.PREVENTION, synonyms.PREVENTION, None),
    (SectionKind.VERIFICATION, synonyms.SUCCESS, None),
    (SectionKind.TRIGGERS, synonyms.TRIGGERS, Meaning.WHEN),
    (SectionKind.PRECONDITIONS, synonyms.PRECONDITIONS, Meaning.BEFORE),
    (SectionKind.VERIFICATION, synonyms.VERIFICATION, Meaning.CHECKING),
    (SectionKind.TIME, synonyms.TIME, None),
    (SectionKind.DATA, synonyms.DATA, None),
    (SectionKind.CONTACTS, synonyms.CONTACTS, None),
    (SectionKind.COMMUNICATION, synonyms.COMMUNICATION, Meaning.TELLING),
    (SectionKind.DECISION, synonyms.DECISION, Meaning.DECIDING),
    (SectionKind.AFTER, synonyms.AFTER, Meaning.AFTER),
)


def _compiled(pattern: str, meaning: Meaning | None) -> re.Pattern[str]:
    return re.compile("|".join(filter(None, (pattern, any_of(meaning) if meaning else ""))))


_ORDER = tuple((part, _compiled(pattern, meaning)) for part, pattern, meaning in _TABLE)
_ROLLBACK = _compiled(synonyms.ROLLBACK, Meaning.GOING_BACK)
_FORWARD = _compiled(synonyms.FORWARD, Meaning.DEPLOYING)
_STEPS = _compiled(synonyms.STEPS, Meaning.STEPS)
# "The last deployment broke it" is why somebody goes back.
_BROKE = re.compile(r"\bfail|\bbroke|\bbad\b|went wrong|\bcrash|\bcorrupt|\bstuck\b|\bfaulty\b")
_FOLLOW_UP = re.compile(synonyms.FOLLOW_UP)
_WARNS = re.compile(
    r"(?:important )?warnings?$|caution$|dangers?$|risks?\b|point of no return|advertencia|avertissement|warnung|警告"
    r"|تحذير"
)
_OUTRIGHT = re.compile(
    r"\bsteps?\b|procedure|process\b|instructions|how to|execution|\bpasos\b|procedimiento"
    r"|^do this$|^what to do|deroule|mode operatoire|marche a suivre|etapes|schritte|vorgehen|ablauf"
    rf"|خطوات|اجراء|{any_of(Meaning.STEPS)}"
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
        if why_left_out(heading) if part is SectionKind.NEVER else pattern.search(folded):
            return part
    if _WARNS.match(folded):
        return SectionKind.DATA
    if speaks_of_going_back(heading):
        return SectionKind.STEPS
    if _FORWARD.search(folded) and not _BROKE.search(folded):
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
    return not why_left_out(heading) and bool(_FORWARD.search(folded))


def why_never(heading: str) -> str:
    """Why nothing under this heading is part of a rollback; empty when its words do not say."""
    if reason := why_left_out(heading):
        return reason
    forward = speaks_of_going_forward(heading) and not speaks_of_going_back(heading)
    forward = forward and not _BROKE.search(fold_heading(heading))
    return "belongs to the deployment" if forward else ""


def is_follow_up(heading: str) -> bool:
    """Whether actions under this heading can wait."""
    return bool(_FOLLOW_UP.search(fold(heading)))


def holds_several_ways(heading: str) -> bool:
    """Whether the heading promises alternatives: "methods", "options", "scenarios"."""
    return bool(_PLURAL.search(fold_heading(heading)))
