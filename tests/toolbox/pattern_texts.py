"""Texts made to be slow for a regular expression, out of the expression itself.

Each piece that it could repeat, many times over, behind what leads there and before what spoils
the match. Known as pumping: an expression that tries a square or a cube of ways shows it here.
"""

from __future__ import annotations

import re
import re._constants as op  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Iterator
from typing import Any

_REPEATS = {op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT}
_SPOILERS = ("\x00", "\n!")
_SAMPLES = "a1 -\n\t.;\x01é令~"
_OF_CATEGORY = {
    op.CATEGORY_DIGIT: "1",
    op.CATEGORY_NOT_DIGIT: "a",
    op.CATEGORY_SPACE: " ",
    op.CATEGORY_NOT_SPACE: "a",
    op.CATEGORY_WORD: "a",
    op.CATEGORY_NOT_WORD: "-",
}
_CLASS_OF_CATEGORY = {
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
}


def slow_texts(pattern: re.Pattern[str], size: int) -> Iterator[str]:
    """Texts of about `size` characters that `pattern` could be slow for, each once."""
    tree = parser.parse(pattern.pattern, pattern.flags)
    pieces = dict.fromkeys([*_pumps(tree, ""), *(("", atom) for atom in _atoms(tree))])
    texts = (
        (lead + piece * (size // len(piece)))[:size] + spoiler
        for lead, piece in pieces
        if piece
        for spoiler in _SPOILERS
    )
    yield from dict.fromkeys(texts)


def _pumps(tree: Any, lead: str) -> Iterator[tuple[str, str]]:
    """What stands before each repetition, and what is repeated there."""
    for code, argument in tree:
        if code in _REPEATS and argument[1] > 40:
            for piece in _examples(argument[2]):
                yield lead, piece
                yield "", lead + piece
        for inner in _inside(code, argument):
            yield from _pumps(inner, lead)
        lead = (lead + _example_of(code, argument))[-40:]


def _inside(code: Any, argument: Any) -> list[Any]:
    """The trees below one node."""
    if code in _REPEATS:
        return [argument[2]]
    if code is op.SUBPATTERN:
        return [argument[3]]
    if code is op.BRANCH:
        return list(argument[1])
    if code in {op.ASSERT, op.ASSERT_NOT}:
        return [argument[1]]
    return [argument] if code is op.ATOMIC_GROUP else []


def _atoms(tree: Any) -> list[str]:
    """Single characters that the expression names, and some that many do."""
    return list(dict.fromkeys([*_named(tree), "a", " ", "\n", "- "]))[:12]


def _named(tree: Any) -> Iterator[str]:
    for code, argument in tree:
        if code is op.LITERAL:
            yield chr(argument)
        elif code is op.IN:
            yield _member(argument)
        for inner in _inside(code, argument):
            yield from _named(inner)


def _examples(nodes: Any) -> list[str]:
    """Short texts that `nodes` could match: one, or one for each branch."""
    nodes = list(nodes)
    if len(nodes) == 1 and nodes[0][0] is op.SUBPATTERN:
        return _examples(nodes[0][1][3])
    if len(nodes) == 1 and nodes[0][0] is op.BRANCH:
        return [_example(branch) for branch in nodes[0][1][1]]
    return [_example(nodes)]


def _example(nodes: Any) -> str:
    return "".join(_example_of(code, argument) for code, argument in nodes)


def _example_of(code: Any, argument: Any) -> str:
    if code is op.LITERAL:
        return chr(argument)
    if code is op.NOT_LITERAL:
        return "a" if chr(argument) != "a" else "b"
    if code is op.ANY:
        return "a"
    if code is op.IN:
        return _member(argument)
    if code in _REPEATS:
        return "".join(_example(argument[2]) for _ in range(argument[0]))
    if code in {op.SUBPATTERN, op.BRANCH, op.ATOMIC_GROUP}:
        return _example(_inside(code, argument)[0])
    return ""


def _member(members: Any) -> str:
    """One character of a class."""
    if members[0][0] is op.NEGATE:
        source = re.compile("[^" + "".join(map(_class, members[1:])) + "]")
        return next((each for each in _SAMPLES if source.match(each)), "")
    code, argument = members[0]
    if code is op.CATEGORY:
        return _OF_CATEGORY[argument]
    return chr(argument[0] if code is op.RANGE else argument)


def _class(member: Any) -> str:
    code, argument = member
    if code is op.LITERAL:
        return re.escape(chr(argument))
    if code is op.RANGE:
        return f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}"
    return _CLASS_OF_CATEGORY[argument]
