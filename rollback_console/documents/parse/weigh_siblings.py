"""What parts that stand beside each other are: one run in order, or several ways; or not known.

Each row of the table is a piece of evidence with a weight. What is clearly ahead is believed;
where two readings are near, neither is: the parts stand apart, and a person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from rollback_console.documents.model import RelationKind

from ..markdown.blocks import BlockKind
from ..markdown.folded_text import fold, fold_heading, plain
from ..markdown.outline import Section
from ..shell.command_patterns import going_back_act
from ..vocabulary.remarks import is_condition, is_fallback, is_preferred, platform
from ..vocabulary.section_names import (
    holds_several_ways,
    says_steps,
    speaks_of_going_back,
)
from ..vocabulary.step_headings import (
    TIMED,
    is_counted_heading,
    is_phase_heading,
    is_step_heading,
    is_way_heading,
    step_title,
)
from .commands.fences import commands_in, read_fence

ORDER, WAYS, UNKNOWN = RelationKind.ORDER, RelationKind.WAYS, RelationKind.UNKNOWN
MARGIN = 2
"""What is not ahead by this much is not known."""
UNCOUNTED = 3
"""The same for a run that nobody counted."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A relation and what speaks for it, the strongest first; for `unknown`, what speaks for each."""

    kind: RelationKind
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Siblings:
    """Parts under one heading, and what can be said of them together."""

    parent: str
    members: Sequence[Section]

    @cached_property
    def titles(self) -> list[str]:
        """Folded, numbers kept."""
        return [fold(member.title) for member in self.members]

    @cached_property
    def words(self) -> list[str]:
        """Folded, without numbers."""
        return [fold_heading(step_title(member.title)) for member in self.members]

    @cached_property
    def counts(self) -> list[tuple[str, int]]:
        """The counted part of each heading: what stands before the number, and the number."""
        matches = [_COUNT.match(title) for title in self.titles]
        return [(m[1] or "", int(m[2])) if m and m[2].isdecimal() else ("", -1) for m in matches]

    @cached_property
    def going_back(self) -> int:
        return sum(speaks_of_going_back(member.title) for member in self.members)

    @cached_property
    def openings(self) -> list[list[str]]:
        """What each says before its first command, its heading first."""
        return [_opening(member) for member in self.members]

    def all(self, test: Callable[[str], object]) -> bool:
        return all(test(member.title) for member in self.members)

    def several(self, test: Callable[[str], object]) -> bool:
        return sum(bool(test(member.title)) for member in self.members) > 1


_COUNT = re.compile(r"\W*+((?:\d{1,2}\.)+|[a-z](?=\d))?\s*(\d{1,3})\s*(?:[.):、]|[-–—]\s|\s)")
_SAME_NUMBER = re.compile(r"\W*+(\d{1,3})\s*\.?([a-h])\b")
_LETTER = re.compile(r"\W*+([a-h])\s*[.):–—-]\s*\S")
_NUMBERED = re.compile(r"(?:step )?(\d{1,2})\b")
_A_ROLLBACK = re.compile(
    r"\b(?:rollback|recovery|restore|reversion|reversal)$|^(?:rollback|recovery|reversal) of\b"
)
_PHASE_BACK = re.compile(r"\W*+\w+ \d{1,2} (?:rollback|roll back|revert|recovery)")
_FIRST = re.compile(
    r"(?:stop|halt|pause|prepare|identify|find|determine|assess|freeze|drain|disable|notify|announce"
    r"|enable maintenance|put|turn off|scale down|take|back ?up|snapshot|connect|log ?in|ssh|check|confirm|decide|lock|cordon"
    r"|acknowledge|declare|block|cut|suspend|quiesce|isolate|get|locate|list|alert|initial|immediate)\b"
)
_LAST = re.compile(
    r"(?:verify|validate|start|restart|resume|test|smoke|re-?enable|enable|monitor|clear|sync|notify|communicate"
    r"|update|check|reload|turn on|scale up|bring|unlock|uncordon|confirm|document|close|announce|clean|post|warm|flush|watch|final)\b"
)
_CASE = re.compile(
    r"(?:for|para|pour|fur|per)\s|(?:quick|fast|full|complete|partial|minimal|emergency|automatic|automated|manual)\b"
)
_LAYERS = (
    re.compile(
        r"\bcode\b|\bapp(?:lication)?s?\b|\bfront-?end|\bback-?end|\bapi\b|\bservices?\b|\bcontainers?\b|\bimages?\b|\bweb\b"
    ),
    re.compile(r"database|\bdb\b|migrations?\b|schema|\bdata\b|datenbank|base de d"),
    re.compile(r"config|environment variables?|secrets?\b|settings|feature flags?"),
    re.compile(r"infra|terraform|network|\bdns\b|load balancer|cluster"),
    re.compile(r"cache|redis|queues?\b|workers?\b|cdn\b|search"),
)
_MODE = re.compile(
    r"fail|error|crash|\bdown\b|outage|corrupt|broken|degrad|\bissues?\b|problem|slow|leak|timeout|unavailable|stuck|breach|incompatib"
)
_MIGRATION = re.compile(r"\b\d{3,4}_\w+|\bv\d+__\w+|\b\d{12,14}_?\w*|migration \W?\d")
_THEN = re.compile(r"\W*+(?:\d+\W*+)?(?:then|next|finally|afterwards|after that|lastly)\b")
_RANKED = re.compile(
    r"stopgap|workaround|temporar|\bthe (?:correct|proper|right|safe|fast|quick) (?:way|rollback|path)|nuclear|last resort|fallback|emergency only|worst case|if all else"
)


def _opening(section: Section) -> list[str]:
    texts = [section.title]
    for block in section.blocks:
        if block.kind not in {BlockKind.PARAGRAPH, BlockKind.HTML}:
            break
        texts += [plain(line) for line in block.text.split("\n")]
    labels = [child.title for child in section.children if child.level > 6]
    return texts + labels


_WHEN = re.compile(
    r"(?:use (?:this )?(?:when|if|for|only)|when(?: to use)?\b|symptoms?\b|condition|trigger|scenario:|applies|only |if )"
)


def _has_condition(opening: Sequence[str]) -> bool:
    inside = re.findall(r"\(([^()]{3,80})\)", opening[0])
    texts = [*opening, *inside]
    return any(is_condition(text) or _WHEN.match(fold(text)) for text in texts)


def _counted_from_start(one: Siblings) -> bool:
    prefixes = {prefix for prefix, _ in one.counts}
    numbers = [number for _, number in one.counts]
    runs = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return runs and numbers[0] in {0, 1} and len(prefixes) == 1 and "." not in "".join(prefixes)


def _counts_up(one: Siblings) -> bool:
    numbers = [number for _, number in one.counts]
    return min(numbers) >= 0 and numbers == sorted(set(numbers)) and not _counted_from_start(one)


def _letters_after_a_number(one: Siblings) -> bool:
    matches = [_SAME_NUMBER.match(title) for title in one.titles]
    return all(matches) and len({match[1] for match in matches if match}) == 1


def _lettered(one: Siblings) -> bool:
    letters = [match[1] for title in one.titles if (match := _LETTER.match(title))]
    return len(letters) == len(one.titles) and letters == sorted(set(letters))


def _restarts(section: Section) -> bool:
    """It counts its own steps from one again."""
    if sum(is_step_heading(c.title) or is_counted_heading(c.title) for c in section.children) > 1:
        return True
    counted = [b.number for b in section.blocks if b.kind is BlockKind.ITEM and b.depth == 1]
    fences = [b for b in section.blocks if b.kind is BlockKind.FENCE]
    remarks = [r.text for b in fences[:1] for group in read_fence(b).groups for r in group.remarks]
    numbers = [match[1] for text in remarks if (match := _NUMBERED.match(fold(text)))]
    return counted[:2] == [1, 2] or numbers[:2] == ["1", "2"]


def _same_act(one: Siblings) -> bool:
    acts = [
        {act for command in commands_in(member) if (act := going_back_act(command.text))}
        for member in one.members
    ]
    return any(a & b for at, a in enumerate(acts) for b in acts[at + 1 : at + 12])


def _layers(one: Siblings) -> bool:
    hit = [next((at for at, p in enumerate(_LAYERS) if p.search(words)), -1) for words in one.words]
    known = [at for at in hit if at >= 0]
    return len(known) > 1 and len(set(known)) == len(known)


def _named_platforms(one: Siblings) -> bool:
    names = {name for member in one.members if (name := platform(_bare(member.title)))}
    return len(names) > 1


def _bare(title: str) -> str:
    words = re.sub(
        r"^(?:rollback|roll back|revert|using|with|via)\s+|\s+(?:rollback|method|way|deployments?)$",
        "",
        fold_heading(title),
    )
    return words or title


def _is_counted(one: Siblings) -> bool:
    return _counted_from_start(one) or _counts_up(one) or one.all(is_step_heading)


# What speaks for which reading, and how much.
TABLE: tuple[tuple[str, RelationKind, int, Callable[[Siblings], bool]], ...] = (
    ("each is headed as a step", ORDER, 12, lambda one: one.all(is_step_heading)),
    ("each is headed as an option", WAYS, 12, lambda one: one.all(is_way_heading)),
    ("each is headed as a phase", ORDER, 3, lambda one: one.all(is_phase_heading)),
    ("each undoes a phase of its own", WAYS, 6, lambda one: one.all(lambda t: _PHASE_BACK.match(fold(t)))),
    ("counted from the first on", ORDER, 3, _counted_from_start),
    ("counted in turn", ORDER, 1, _counts_up),
    ("lettered after one number", WAYS, 4, _letters_after_a_number),
    ("lettered in turn", ORDER, 2, _lettered),
    ("inside a step", ORDER, 3, lambda one: is_step_heading(one.parent)),
    ("counted inside an option", ORDER, 3, lambda one: is_way_heading(one.parent) and _counts_up(one)),
    ("the heading promises steps", ORDER, 2, lambda one: says_steps(one.parent) and not holds_several_ways(one.parent)),
    ("the heading promises several", WAYS, 3, lambda one: holds_several_ways(one.parent) and "procedures" not in fold(one.parent)),
    ("the heading promises procedures", WAYS, 1, lambda one: "procedures" in fold(one.parent)),
    ("each speaks of going back", WAYS, 2, lambda one: one.going_back == len(one.members) and not _is_counted(one)),
    ("each speaks of going back", WAYS, 1, lambda one: one.going_back == len(one.members) and _is_counted(one)),
    ("each is called a rollback of its own", WAYS, 3, lambda one: sum(bool(_A_ROLLBACK.search(w)) for w in one.words) > 1),
    ("one at most speaks of going back", ORDER, 1, lambda one: one.going_back < 2),
    ("the first prepares", ORDER, 1, lambda one: bool(_FIRST.match(one.words[0]))),
    ("the last gives back or looks", ORDER, 1, lambda one: bool(_LAST.match(one.words[-1]))),
    ("one says what follows", ORDER, 2, lambda one: any(_THEN.match(t) for t in one.titles[1:])),
    ("each says when it is meant", WAYS, 3, lambda one: sum(map(_has_condition, one.openings)) > 1),
    ("each says how long it takes", WAYS, 2, lambda one: one.several(TIMED.search) and not _is_counted(one)),
    ("each counts its own steps", WAYS, 2, lambda one: sum(map(_restarts, one.members)) > 1),
    ("the same is undone twice", WAYS, 3, _same_act),
    ("named after several platforms", WAYS, 4, _named_platforms),
    ("one is preferred, or the last resort", WAYS, 3,
     lambda one: any(is_preferred(t) or is_fallback(t) or _RANKED.search(t) for t in one.titles)),
    ("each is for a case of its own", WAYS, 4, lambda one: sum(bool(_CASE.match(w)) for w in one.words) > 1),
    ("each names something that went wrong", WAYS, 3, lambda one: sum(bool(_MODE.search(w)) for w in one.words) > 1),
    ("each names a migration", WAYS, 3, lambda one: sum(bool(_MIGRATION.search(t)) for t in one.titles) > 1),
    ("each is about another layer", UNKNOWN, 4, _layers),
)  # fmt: skip


def _sum(speaks: Sequence[tuple[str, RelationKind, int]], kind: RelationKind) -> int:
    return sum(weight for _, each, weight in speaks if each is kind)


def weigh(parent: str, members: Sequence[Section]) -> Verdict:
    """How these parts (two or more) under a heading relate."""
    one = Siblings(parent, members)
    speaks = [(words, kind, weight) for words, kind, weight, holds in TABLE if holds(one)]
    speaks.sort(key=lambda each: -each[2])
    ahead = _sum(speaks, ORDER) - _sum(speaks, WAYS)
    if ahead < 0:  # what undoes another layer may also follow
        ahead = min(0, ahead + _sum(speaks, UNKNOWN))
    counted = _counted_from_start(one) or one.all(is_step_heading) or one.all(is_phase_heading)
    counted = counted or _lettered(one)
    if -MARGIN < ahead < (MARGIN if counted else UNCOUNTED):
        return Verdict(UNKNOWN, tuple(f"{kind.value}: {words}" for words, kind, _ in speaks))
    kind = ORDER if ahead > 0 else WAYS
    return Verdict(kind, tuple(words for words, each, _ in speaks if each is kind))
