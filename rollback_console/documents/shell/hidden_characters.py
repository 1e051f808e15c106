"""Characters that a reader does not see, and that a shell does: what is read is not what runs.

Directions of writing, zero widths, fillers, tags, variation selectors, spaces that only look like
one, and control characters. See Unicode Technical Report 36, and "Trojan Source" (CVE-2021-42574).
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# All else is a letter, a digit or a sign that anybody sees, a tab or the end of a line.
_SUSPECT = re.compile(r"[^\t\n\x20-\x7e]")
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
# Letters and marks by their category, drawn as nothing.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc\U0001d159\U00016fe4")
_SELECTORS = re.compile("[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_JOINER = re.compile(r"(?<=[^\x00-\xff])[\u200c\u200d](?=[^\x00-\xff])")
_COMMENT = re.compile(r"(?:^|\s)#")
_MOST = 200


@dataclass(frozen=True, slots=True)
class HiddenCharacter:
    """One such character at offset `at` of a text; `line` is 0-based within that text."""

    at: int
    character: str
    line: int

    @property
    def code(self) -> str:
        """Such as U+202E."""
        return f"U+{ord(self.character):04X}"

    @property
    def mark(self) -> str:
        """What stands in its place where people read: ⟨U+202E⟩."""
        return hidden_mark(self.character)

    @property
    def name(self) -> str:
        """Its name in Unicode; control characters have none."""
        return unicodedata.name(self.character, "control character").lower()


def find_hidden(text: str) -> tuple[HiddenCharacter, ...]:
    """The characters of `text` that nobody sees, in order, at most 200.

    The selector that gives an emoji its colours is seen, in a comment of a shell.
    """
    hidden: list[HiddenCharacter] = []
    line = counted = 0
    for match in _SUSPECT.finditer(text):
        if _is_hidden(match[0]) and not _colours_emoji(text, match.start()):
            line, counted = line + text.count("\n", counted, match.start()), match.start()
            hidden.append(HiddenCharacter(match.start(), match[0], line))
            if len(hidden) == _MOST:
                break
    return tuple(hidden)


def show_hidden(text: str) -> str:
    """A command, value or file name with each such character as a visible mark."""
    return _SUSPECT.sub(lambda match: _shown(match[0], _is_hidden(match[0])), text)


def show_hidden_in_output(text: str) -> str:
    """The same for what a program printed or a person wrote in prose.

    There, wide spaces and emoji are only text, and so are joiners between letters of a script
    that needs them.
    """
    return _SUSPECT.sub(
        lambda match: _shown(
            match[0], _is_hidden_in_output(match[0]) and not _JOINER.match(text, match.start())
        ),
        text,
    )


def escape_in_json(text: str) -> str:
    """JSON with such characters as escapes: the same values, and a terminal draws it as it is."""
    return _SUSPECT.sub(lambda match: _escape(match[0]) if _is_hidden(match[0]) else match[0], text)


def without_hidden(text: str) -> str:
    """The text with a plain space for each odd one, and nothing for the rest."""
    return _SUSPECT.sub(lambda match: _plain(match[0]), text)


def hidden_mark(character: str) -> str:
    """The mark of one character."""
    return f"⟨U+{ord(character):04X}⟩"


def confirmation_key(text: str, hidden: HiddenCharacter) -> str:
    """Names one character of one text, so that a confirmation holds for nothing else."""
    return f"{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:24]}:{hidden.at}"


def _colours_emoji(text: str, at: int) -> bool:
    """Whether it is U+FE0F behind an emoji, in a comment."""
    if text[at] != "\ufe0f" or unicodedata.category(text[at - 1 : at] or " ") != "So":
        return False
    return bool(_COMMENT.search(text[max(text.rfind("\n", 0, at) + 1, at - 500) : at]))


@lru_cache(maxsize=4096)
def _is_hidden(character: str) -> bool:
    category = unicodedata.category(character)
    return category in _UNSEEN or category == "Zs" or _is_blank(character)


@lru_cache(maxsize=4096)
def _is_hidden_in_output(character: str) -> bool:
    category = unicodedata.category(character)
    emoji = character in "\ufe0e\ufe0f"
    return category in _UNSEEN or (_is_blank(character) and not emoji)


def _is_blank(character: str) -> bool:
    return character in _BLANKS or bool(_SELECTORS.match(character))


def _shown(character: str, hidden: bool) -> str:
    return hidden_mark(character) if hidden else character


def _escape(character: str) -> str:
    return json.dumps(character)[1:-1]


def _plain(character: str) -> str:
    if not _is_hidden(character):
        return character
    return " " if unicodedata.category(character) == "Zs" else ""
