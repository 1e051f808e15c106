"""When to roll back, as plans and monitoring plans say it: words, how grave, and the number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rollback_console.documents.markdown import blocks
from rollback_console.documents.markdown.blocks import BlockKind
from rollback_console.documents.markdown.folded_text import fold, fold_heading, plain
from rollback_console.documents.markdown.outline import Section, outline
from rollback_console.documents.markdown.source import decode, split_lines

CRITICAL, WARNING = "critical", "warning"
LONGEST = 300
MOST = 100

_SAYS_WHEN = re.compile(r"\b(?:alert|threshold|trigger)|when to roll|rollback criteria")
_WARNS = re.compile(r"\bwarn")
_BY_HAND = re.compile(r"\bmanual")
_BY_ITSELF = re.compile(r"\bautomatic|\bautomated|\balert|\bthreshold")
_LIMIT = re.compile(
    r"(?P<subject>.*?)\s*(?P<sign>>=?|<=?|≥|≤|above|below|over|under|exceeds|more than|less than)\s*"
    r"(?P<number>\d+(?:[.,]\d+)?)\s*(?P<unit>%|ms|seconds|sec|s\b|minutes|min|k\b)?",
    re.IGNORECASE,
)
_UNDER = frozenset({"<", "<=", "≤", "below", "under", "less than"})
_SECONDS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "seconds": 1.0, "min": 60.0, "minutes": 60.0}
_HEALTH = re.compile(r"health ?(?:check|page|endpoint)")


@dataclass(frozen=True, slots=True)
class TriggerWords:
    """One line that says when to roll back. `automatic` is what can be watched for without a
    person, as the document says or as its number lets one think."""

    text: str
    severity: str = CRITICAL
    automatic: bool = True


@dataclass(frozen=True, slots=True)
class Threshold:
    """`Error rate > 5%`: what is measured, on which side of `number` it is bad, and in what.

    `unit` is "%", "s" (`number` is seconds then) or "".
    """

    subject: str
    above: bool
    number: float
    unit: str


def read_triggers(source: str | bytes) -> list[TriggerWords]:
    """What the lists under headings about triggers, alerts and thresholds name, each once."""
    text, _ = decode(source)
    root = outline(blocks.parse(split_lines(text)))
    by_key = {key_of(each.text): each for each in _of_section(root, "")}
    return list(by_key.values())[:MOST]


def words_of_plan(texts: list[str]) -> list[TriggerWords]:
    """The same for lines that were read as triggers already."""
    kept = [text[:LONGEST] for text in texts if plain(text)]
    return [TriggerWords(text, CRITICAL, is_measurable(text)) for text in kept]


def key_of(text: str) -> str:
    """What two spellings of one line have in common."""
    return fold(text)[:LONGEST]


def read_threshold(text: str) -> Threshold | None:
    """The number that a line names; None where it names none."""
    match = _LIMIT.match(plain(text))
    if match is None:
        return None
    number, unit = float(match["number"].replace(",", ".")), (match["unit"] or "").lower()
    if unit in _SECONDS:
        number, unit = number * _SECONDS[unit], "s"
    elif unit == "k":
        number, unit = number * 1000, ""
    return Threshold(match["subject"].strip(), match["sign"].lower() not in _UNDER, number, unit)


def is_measurable(text: str) -> bool:
    """Whether a line names a number, or the health check, that a program can look at."""
    return read_threshold(text) is not None or is_health_check(text)


def is_health_check(text: str) -> bool:
    """Whether a line speaks of the page by which a service says that it is well."""
    return bool(_HEALTH.search(fold(text)))


def _of_section(section: Section, above: str) -> Iterator[TriggerWords]:
    title = fold_heading(section.title)
    if _SAYS_WHEN.search(title):
        for block in section.blocks:
            if block.kind is BlockKind.ITEM and (text := plain(block.text)):
                yield _words(text[:LONGEST], f"{above} {title}")
    for child in section.children:
        yield from _of_section(child, title)


def _words(text: str, titles: str) -> TriggerWords:
    severity = WARNING if _WARNS.search(titles) else CRITICAL
    if _BY_HAND.search(titles):
        return TriggerWords(text, severity, automatic=False)
    return TriggerWords(text, severity, bool(_BY_ITSELF.search(titles)) or is_measurable(text))
