"""What a heading is among steps: a step, a way, a phase; and its number and name without marks."""

from __future__ import annotations

import re

from ..markdown.folded_text import bare_title, fold
from .labels import minutes
from .languages import WORDS, Meaning, any_of

_STEP = re.compile(
    rf"\W*+(?:{any_of(Meaning.STEP)})"
    r"\s*#?\s*(\d{1,3})(?:\.\d+)*(?:\s*[:.)\-–—:\uff1a、]\s*|\s+|$)(.*)"
)
_COUNTED = re.compile(r"\W*+(?:\d{1,2}\.)*(\d{1,3})\s*(?:[.):、]\s*|[-–—]\s+|\s+(?=[^\W\d]))(\D.*)")
_CHINESE_STEP = re.compile(
    r"\W*+(?:第\s*([一二三四五六七八九十\d]{1,3})\s*步"
    rf"|(\d{{1,3}})\s*(?:{fold('단계')}|adim))\s*[:\uff1a、]?\s*(.*)"
)
_WAY = re.compile(
    rf"\W*+(?:\d[\d.]*[.)]?\s*)?(?:rollback\s+)?(?:{any_of(Meaning.OPTION)})"
    r"\s*(?:#\s*)?(?:\d{1,2}|[b-h]|a(?=\s*(?:[:.)–—-]|$))|[ivx]{1,4}|[一二三四五六]"
    r"|[абвгдאבגדابجد](?=\s*(?:[:.)–—-]|$)))(?:\b|(?<=[一二三四五六]))"
)
_PHASE = re.compile(
    rf"\W*+(?:\d[\d.]*[.)]?\s*)?(?:{any_of(Meaning.PHASE)})"
    r"\s*(?:#\s*)?(?:\d{1,2}|[a-h]|[ivx]{1,4}|[一二三四五六])\b"
    r"|\W*+第[一二三四五六\d]阶段"
)
_DIGITS = {digit: at for at, digit in enumerate("一二三四五六七八九十", 1)}

STEP_TIME = re.compile(
    r"\s*+[(\[\uff08]\s*+((?:(?:~|ca\.?|approx\.?|about|est\.?:?)\s*+)?\d++(?:\s*+[-–]\s*+\d++)?\s*+(?:s"
    r"|secs?|seconds?|m|mins?|minutes?"
    r"|minutos?|minuten|h|hours?|hrs?|分钟|秒)\.?)\s*[)\]\uff09]"
)
TIMED = re.compile(r"[(\uff08]\s*+([^()\uff08\uff09]*\d[^()\uff08\uff09]*)[)\uff09]\s*$")


def is_step_heading(title: str) -> bool:
    """`Step 2: ...`, in any of the languages known."""
    folded = fold(title)
    return bool(_STEP.match(folded) or _CHINESE_STEP.match(folded))


def is_counted_heading(title: str) -> bool:
    """`2. ...` or `2) ...`: a step where steps are expected, a chapter elsewhere."""
    return bool(_COUNTED.match(fold(title)))


def is_way_heading(title: str) -> bool:
    """`Option A`, `Scenario 2`: one of several ways."""
    return bool(_WAY.match(fold(title)))


def is_phase_heading(title: str) -> bool:
    """`Phase 1`: a part of one way."""
    return bool(_PHASE.match(fold(title)))


def step_title(title: str) -> str:
    title = bare_title(title)
    for pattern in (_AS_WRITTEN_STEP, _AS_WRITTEN_COUNT):
        match = pattern.match(title)
        rest = (match[match.lastindex or 0] or "").strip() if match and match.lastindex else ""
        if rest:
            return rest
    return title


_STEP_WORDS = sorted("|".join(WORDS[Meaning.STEP].values()).split("|"), key=len, reverse=True)
_AS_WRITTEN_STEP = re.compile(
    rf"\W*+(?:{'|'.join(_STEP_WORDS)})"
    r"\s*#?\s*\d{1,3}(?:\.\d+)*\s*[:.)\-–—:\uff1a、]?\s*(.*)"
    r"|\W*+(?:第\s*[一二三四五六七八九十\d]{1,3}\s*步|\d{1,3}\s*단계)\s*[:\uff1a、]?\s*(.*)",
    re.IGNORECASE,
)
_AS_WRITTEN_COUNT = re.compile(r"\W*+(?:\d{1,2}\.)*\d{1,3}\s*[.):、\-–—]*\s+(\D.*)")


def number_of(title: str) -> int | None:
    folded = fold(title)
    match = _STEP.match(folded) or _COUNTED.match(folded)
    if match:
        return int(match[1])
    match = _CHINESE_STEP.match(folded)
    if match:
        digits = match[1] or match[2]
        return int(digits) if digits.isdecimal() else _DIGITS.get(digits)
    return None


def without_time(title: str) -> str:
    """The title without the time it takes, said in brackets."""
    return STEP_TIME.sub("", title)


def name_of(title: str) -> str:
    """The heading without its number."""
    title = bare_title(title)
    title = TIMED.sub("", title) if minutes(title)[0] is not None else title
    match = re.match(
        r"\W*+(?:(?i:part|teil|partie|parte|section)\s+\w{1,3}\s*[:.\uff1a–-]\s*|[一二三四五六七八九十]+、)?"
        r"(?:\d+\.)*\d*[.)]?\s*(\D.*)",
        title,
    )
    return (match[1] if match else title).strip(" :\uff1a") or "Rollback"
