"""What a reading of shell text keeps: where it is, what is open, what it has seen.

The base of the scanner in `shell`; here-documents are read here, since they only need the
state.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Span = tuple[int, int]


class Context(StrEnum):
    """How the shell sees a character."""

    PLAIN = "plain"
    DOUBLE = "double"
    SINGLE = "single"
    ANSI_C = "ansi-c"
    COMMENT = "comment"
    PARAMETER = "parameter"
    ARITHMETIC = "arithmetic"
    BACKTICK = "backtick"
    HEREDOC = "heredoc"
    QUOTED_HEREDOC = "quoted-heredoc"


@dataclass(frozen=True, slots=True)
class Segment:
    """Characters `[start, end)` seen in one context; `nested` when quotes lie around it."""

    start: int
    end: int
    context: Context
    nested: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """`segments` cover the text in order. `ends` are offsets of the newlines that end a
    complete command or comment line. `heads` are where command words begin. `complete` is
    False when something is still open at the end."""

    segments: tuple[Segment, ...]
    ends: tuple[int, ...]
    heads: tuple[int, ...]
    complete: bool


HEREDOC = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|(\\?)([^\s'\"\\;&|<>()]+))")


@dataclass(slots=True)
class _Heredoc:
    word: str
    quoted: bool
    tabs: bool


@dataclass(frozen=True, slots=True)
class _Open:
    """Something that must close: `by` which text, how its inside is seen, quoted around."""

    by: str
    context: Context
    nested: bool


_GROUND = _Open("", Context.PLAIN, nested=False)


@dataclass(slots=True)
class State:
    """The state, and the moves that every kind of quoting makes."""

    text: str
    opaque: Sequence[Span]
    at: int = 0
    stack: list[_Open] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    pending: list[_Heredoc] = field(default_factory=list)
    keywords: list[str] = field(default_factory=list)
    command_next: bool = True
    word_start: bool = True
    continues: bool = False
    broken: bool = False
    backticks: bool = False
    cases: int = 0
    next_opaque: int = 0

    def _mark(self, end: int, context: Context) -> None:
        """The characters up to `end` are of this context."""
        nested = self._top().nested
        last = self.segments[-1] if self.segments else None
        if last and last.context is context and last.nested == nested and last.end == self.at:
            self.segments[-1] = Segment(last.start, end, context, nested)
        else:
            self.segments.append(Segment(self.at, end, context, nested))
        self.at = end

    def _top(self) -> _Open:
        return self.stack[-1] if self.stack else _GROUND

    def _here(self) -> Context:
        return self._top().context

    def _push(self, by: str, context: Context) -> None:
        top = self._top()
        nested = top.nested or top.context is Context.DOUBLE
        self.stack.append(_Open(by, context, nested))

    def _skip_opaque(self) -> bool:
        while self.next_opaque < len(self.opaque) and self.opaque[self.next_opaque][1] <= self.at:
            self.next_opaque += 1
        if self.next_opaque == len(self.opaque) or self.opaque[self.next_opaque][0] > self.at:
            return False
        self._word_begins()
        self._mark(self.opaque[self.next_opaque][1], self._here())
        return True

    def _limit(self) -> int:
        """Where the next opaque span begins, or the end."""
        if self.next_opaque < len(self.opaque):
            return max(self.at + 1, self.opaque[self.next_opaque][0])
        return len(self.text)

    def _word_begins(self) -> None:
        if self.word_start and self.command_next and self._here() in _COMMANDS:
            self.heads.append(self.at)
        if self.word_start:
            self.command_next = False
        self.word_start = self.continues = False

    # Here-documents.

    def _open_heredoc(self, found: re.Match[str]) -> None:
        word = found[2] or found[3] or found[5]
        quoted = bool(found[2] or found[3] or found[4])
        self.pending.append(_Heredoc(word, quoted, tabs=found[1] == "-"))
        self._mark(found.end(), self._here())

    def _heredocs(self) -> None:
        while self.pending and self.at <= len(self.text):
            heredoc = self.pending[0]
            context = Context.QUOTED_HEREDOC if heredoc.quoted else Context.HEREDOC
            end = self._end_of(heredoc)
            if end < 0:
                self._mark(len(self.text), context)
                return
            self._mark(end, context)
            self.pending.pop(0)

    def _end_of(self, heredoc: _Heredoc) -> int:
        """Just behind the terminator line, or -1 when it never comes."""
        start = self.at
        while start < len(self.text):
            end = self.text.find("\n", start)
            end = end if end >= 0 else len(self.text)
            line = self.text[start:end].rstrip("\r")
            if (line.lstrip("\t") if heredoc.tabs else line) == heredoc.word:
                return min(end + 1, len(self.text))
            start = end + 1
        return -1


_COMMANDS = {Context.PLAIN, Context.BACKTICK}
