"""Which line became what. Each line has one meaning; a line without one is unmapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rollback_console.documents.model import Lines, MappedLines


@dataclass(slots=True)
class Coverage:
    """Claims in the order made: the first to claim a line has it."""

    claims: list[MappedLines] = field(default_factory=list)

    def claim(self, kind: str, lines: Lines | None, ref: str = "") -> None:
        """These lines became `kind`; `ref` is the key of what they became."""
        if lines:
            self.claims.append(MappedLines(kind, lines, ref))

    def release(self, prefix: str) -> None:
        """Forget the claims of everything whose key begins so."""
        self.claims = [span for span in self.claims if not span.ref.startswith(prefix)]

    def settle(self, lines: Sequence[str]) -> tuple[tuple[MappedLines, ...], tuple[Lines, ...]]:
        """Spans and unmapped ranges that hold every line that is not blank exactly once.

        Blank lines and rules belong to whatever surrounds them, or to nothing.
        """
        owners = self._owners(lines)
        mapped: list[MappedLines] = []
        unmapped: list[Lines] = []
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            if owner := owners[number]:
                _extend(mapped, owner, number)
            else:
                _extend_unmapped(unmapped, number, lines)
        return tuple(mapped), tuple(unmapped)

    def _owners(self, lines: Sequence[str]) -> list[MappedLines | None]:
        """Linear: each line is visited once, however many claims overlap."""
        owners: list[MappedLines | None] = [None] * (len(lines) + 2)
        following = list(range(len(lines) + 3))
        for span in self.claims:
            number = _find(following, max(1, span.lines[0]))
            while number <= min(span.lines[1], len(lines)):
                owners[number] = span
                following[number] = number + 1
                number = _find(following, number + 1)
        for number, line in enumerate(lines, 1):
            if owners[number] is None and _is_rule(line):
                owners[number] = MappedLines("rule", (number, number))
        return owners


def _find(following: list[int], number: int) -> int:
    """The first line from `number` on that nobody has, with path halving."""
    while following[number] != number:
        following[number] = following[following[number]]
        number = following[number]
    return number


def _extend(mapped: list[MappedLines], owner: MappedLines, number: int) -> None:
    last = mapped[-1] if mapped else None
    same = last is not None and (last.kind, last.ref) == (owner.kind, owner.ref)
    if last and same and owner.kind != "rule" and _joins(last, owner, number):
        mapped[-1] = MappedLines(last.kind, (last.lines[0], number), last.ref)
        return
    mapped.append(MappedLines(owner.kind, (number, number), owner.ref))


def _joins(last: MappedLines, owner: MappedLines, number: int) -> bool:
    """Right below, or with only blank lines of the same claim between."""
    return last.lines[1] >= number - 1 or owner.lines[0] <= last.lines[1]


def _extend_unmapped(unmapped: list[Lines], number: int, lines: Sequence[str]) -> None:
    if unmapped and unmapped[-1][1] == number - 1:
        unmapped[-1] = (unmapped[-1][0], number)
    else:
        unmapped.append((number, number))


def _is_rule(line: str) -> bool:
    bare = line.replace(" ", "")
    return len(bare) > 2 and bare in {bare[0] * len(bare)} and bare[0] in "-*_="
