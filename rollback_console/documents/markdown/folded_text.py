"""Text made comparable: inline Markdown taken off, then case, accents, emoji and numbers.

Every pattern here is free of nested repetition, so all of it is linear in the text.
"""

from __future__ import annotations

import re
import unicodedata

from ..shell.memo import remember_short

_LINK = re.compile(r"!?\[([^\[\]\n]{1,300})\]\((?:[^()\s]{1,500})(?:\s+\"[^\"\n]{0,200}\")?\)")
_STRONG = re.compile(r"(?<![\w*])\*{1,3}(?=[^\s*])|(?<=[^\s*])\*{1,3}(?![\w*])")
_UNDERSCORE = re.compile(r"(?<![\w_])_{1,2}(?=[^\s_])|(?<=[^\s_])_{1,2}(?![\w_])")
_STRIKE = re.compile(r"~~")
_CODE = re.compile(r"`+")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!<>|~])")
_MARKUP = re.compile(r"[\[*_~`\\<\n\t]|  ")
_BREAK = re.compile(r"<br\s*/?>|\s+")
_NUMBER = re.compile(
    r"(?:(?:part|section|chapter|teil|partie|parte|seccion|abschnitt)\s+)?"
    r"(?:\d++(?:\.\d++)*+|[ivx]{1,4}|[a-z]|[一二三四五六七八九十]++)\s*+[.):、:\-–—](?!\d)\s*"
    r"|(?:part|section|chapter|teil|partie|parte|seccion|abschnitt|附录)\s*\w{1,3}\s*[:.\-–—]?\s*"
    r"|\d++(?:\.\d++)*+\s++|第[一二三四五六七八九十\d]+[章节部分]+\s*[:\uff1a、]?\s*",
)
_TAIL = re.compile(
    r"(?<!\s)\s*+[(\[(][^()\[\]()]{0,40}\d[^()\[\]()]{0,40}[)\])]\s*$"
    r"|(?<!\s)\s*+[-–—:]\s*~?\s*\d+\s*(?:-\s*\d+\s*)?(?:s|sec|min|minutes?|mins?|h|hours?|hrs?)\b\.?\s*$",
)
# Two letters that people write either way.
_ARABIC = str.maketrans("ةى", "هي")
_TRIM = " \t\n:.,;-–—*_#:。، "


@remember_short
def plain(text: str) -> str:
    """`text` as a person reads it: one line, without inline Markdown; placeholders stay."""
    if not _MARKUP.search(text):
        return text.strip()
    text = _LINK.sub(r"\1", text)
    text = _STRIKE.sub("", _UNDERSCORE.sub("", _STRONG.sub("", text)))
    text = _ESCAPE.sub(r"\1", _CODE.sub("", text))
    return _BREAK.sub(" ", text).strip()


@remember_short
def fold(text: str) -> str:
    """`text` for comparison: plain, lower case, no accents, no emoji, single spaces."""
    decomposed = unicodedata.normalize("NFKD", plain(text)).casefold().translate(_ARABIC)
    if not decomposed.isascii():
        decomposed = "".join(map(_folded, decomposed))
    return re.sub(r"\s+", " ", decomposed).strip(_TRIM)


def fold_heading(text: str) -> str:
    """A heading folded, without its number, `PART n:` and trailing time."""
    folded = fold(text)
    shorter = _TAIL.sub("", _NUMBER.sub("", folded, count=1) if _NUMBER.match(folded) else folded)
    return shorter.strip(_TRIM) or folded


def bare_title(text: str) -> str:
    """A heading or item as a title: plain, without emoji in front and the frames of keycaps."""
    title = re.sub("[\ufe0f\u20e3\u200d]", "", plain(text))
    at = 0
    while at < len(title) and unicodedata.category(title[at]) in {"So", "Sk", "Zs", "Cn"}:
        at += 1
    return title[at:] or title


def slug(text: str, fallback: str = "item") -> str:
    """A short key in `[a-z0-9-]`, for use in names of things; other scripts fall back."""
    ascii_only = re.sub(r"[^a-z0-9]+", "-", fold(text))[:60].strip("-")
    return ascii_only or fallback


def _folded(letter: str) -> str:
    category = unicodedata.category(letter)
    if category in {"Mn", "Me", "Cf"}:
        return ""
    return " " if category in {"So", "Sk", "Cn", "Co", "Cs"} else letter
