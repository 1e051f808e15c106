"""Characters that look like a sign of the shell and are another: curly quotes, long dashes,
full-width signs, and letters of another script within a word.

Word processors, chats and wikis put them there; a shell takes each for a letter of a word.
See Unicode Technical Standard 39, "Confusable Detection".
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

from .scanner import Context, Scan, scan

_SIGNS = {
    **dict.fromkeys("“”„‟″〝〞", '"'),
    **dict.fromkeys("‘’‚‛′´", "'"),
    **dict.fromkeys("–—‒―−‐‑˗﹣", "-"),
    **dict.fromkeys("⁄∕", "/"),
    **dict.fromkeys("∣ǀ", "|"),
    "\u037e": ";",
    "\u02dc": "~",
    "\u2024": ".",
    "\u2236": ":",
}
_FULL_WIDTH = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
# Letters of Cyrillic and Greek that nobody can tell from Latin ones.
_LETTERS = dict(
    zip(
        "аеорсухіјѕԁԛԝһАВЕКМНОРСТХІЅЈοανιρυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
        "aeopcyxijsdqwhABEKMHOPCTXISJoavipuABEZHIKMNOPTYX",
        strict=True,
    )
)
_ODD = re.compile(f"[{''.join(map(re.escape, (*_SIGNS, *_FULL_WIDTH)))}]")
_MIXED = re.compile(rf"\b\w*[{''.join(_LETTERS)}]\w*")
_CLOSING = {"“": "”", "„": "“”", "‟": "”", "‘": "’", "‚": "‘’", "‛": "’", "〝": "〞"}
_SHELL = {Context.PLAIN, Context.BACKTICK, Context.PARAMETER}
_QUOTE = re.compile("[“”„‟″〝〞‘’‚‛′´＂＇｀＃（）＄]")
_OPEN = re.compile("['\"`]")
_MOST = 50
_MOST_READINGS = 6
_LONGEST = 60_000


@dataclass(frozen=True, slots=True)
class LookAlike:
    """One such character at offset `at` of a text, and what it was probably meant to be."""

    at: int
    character: str
    meant: str

    @property
    def name(self) -> str:
        """Such as “ (U+201C, left double quotation mark)."""
        name = unicodedata.name(self.character, "no name").lower()
        return f"{self.character} (U+{ord(self.character):04X}, {name})"


def find_look_alikes(text: str) -> tuple[LookAlike, ...]:
    """Those of `text` that a shell would read as something else, in order, at most 50.

    Inside quotes a sign is only text; a letter of another script within a Latin word is odd
    wherever it stands but in a comment.
    """
    text = text[:_LONGEST]
    if text.isascii():
        return ()
    signs = _signs(text)
    letters = [each for each in _letters(text) if each.at not in {one.at for one in signs}]
    return tuple(sorted([*signs, *letters], key=lambda each: each.at)[:_MOST])


def without_look_alikes(text: str) -> str:
    """The text with each of them as what it was meant to be."""
    for each in reversed(find_look_alikes(text)):
        text = text[: each.at] + each.meant + text[each.at + 1 :]
    return text


def _signs(text: str) -> list[LookAlike]:
    """A quote that is put right may change how what follows is read, so it is read again."""
    signs: list[LookAlike] = []
    fixed, start, read, readings = text, 0, scan(text), 1
    while (
        len(signs) < _MOST and readings <= _MOST_READINGS and (match := _ODD.search(fixed, start))
    ):
        at, start = match.start(), match.start() + 1
        if _context_at(read, at) not in _SHELL or _among_ideographs(fixed, at):
            continue
        for place in [at, *_closing(fixed, at)]:
            signs.append(LookAlike(place, fixed[place], _meant(fixed, place)))
            fixed = fixed[:place] + signs[-1].meant[:1] + fixed[place + 1 :]
            start = place + 1
        if _QUOTE.search(text, at, start) and (start == at + 1 or _OPEN.search(text, at, start)):
            read, readings = scan(fixed), readings + 1
    return signs


def _closing(text: str, at: int) -> list[int]:
    """Where the quote that begins at `at` ends on its line; [] for all but quotes."""
    ends = _CLOSING.get(text[at], "")
    line = text.find("\n", at)
    places = (text.find(end, at + 1, line if line >= 0 else len(text)) for end in ends)
    return sorted(place for place in places if place > 0)[:1]


def _meant(text: str, at: int) -> str:
    character = text[at]
    if character in "–—―" and re.match(r"(?:\A|.*[\s(])\Z", text[max(0, at - 1) : at], re.DOTALL):
        # Editors make one of the two signs before a long option.
        word = re.match(r"[A-Za-z][\w-]*", text[at + 1 :])
        long = word and len(word[0]) > (1 if character != "–" else 3)
        return "--" if long else "-"
    return _SIGNS.get(character) or _FULL_WIDTH[character]


def _context_at(read: Scan, at: int) -> Context:
    index = bisect_right(read.segments, at, key=lambda each: each.start) - 1
    return read.segments[index].context


def _among_ideographs(text: str, at: int) -> bool:
    """Full-width signs belong between ideographs."""
    beside = text[max(0, at - 1) : at] + text[at + 1 : at + 2]
    return text[at] in _FULL_WIDTH and any(unicodedata.category(each) == "Lo" for each in beside)


def _letters(text: str) -> list[LookAlike]:
    words = [word for word in _MIXED.finditer(text) if re.search("[A-Za-z]", word[0])]
    read = scan(text) if words else None
    return [
        LookAlike(word.start() + at, letter, _LETTERS[letter])
        for word in words
        if read and _context_at(read, word.start()) is not Context.COMMENT
        if not _of_other_script(word[0])
        for at, letter in enumerate(word[0])
        if letter in _LETTERS
    ]


def _of_other_script(word: str) -> bool:
    """Whether it also has letters that no Latin word has: then it mixes them openly."""
    return any(ord(each) > 0x24F and each not in _LETTERS and each.isalpha() for each in word)
